set local role audit_owner;

create or replace function audit.use_recovery_code(user_id text, code_hash bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from audit.recovery_codes r
  where r.user_id = use_recovery_code.user_id and r.code_hash = use_recovery_code.code_hash;
  return found;
end
$$;

comment on function audit.use_recovery_code(text, bytea) is
  'Uses a recovery code up. False when the person has no such code (any more).';
grant execute on function audit.use_recovery_code(text, bytea) to audit_web;
