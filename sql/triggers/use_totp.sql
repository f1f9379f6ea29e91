set local role audit_owner;

create or replace function audit.use_totp(user_id text, count bigint) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update audit.totp t set last_count = count where t.user_id = use_totp.user_id and t.last_count < count;
  return found;
end
$$;

comment on function audit.use_totp(text, bigint) is
  'Uses the code of one time step up. False when it, or a later one, was used before: of two at once, one is refused.';
grant execute on function audit.use_totp(text, bigint) to audit_web;
