set local role audit_owner;

create or replace function audit.attempt_succeeded(step text, address inet, account bytea) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  place inet := coalesce(case family(address) when 6 then network(set_masklen(address, 64)) else address end, '::');
begin
  -- The pair starts afresh. The others only get this attempt back: whoever has an account of their own could
  -- otherwise go on guessing those of others for ever.
  update audit.sign_in_attempts a
  set failures = greatest(a.failures - 1, 0), blocked_until = null
  where a.step = attempt_succeeded.step and a.address = place and a.account is null;
  update audit.sign_in_attempts a
  set failures = 0, blocked_until = null, refused = 0, succeeded_at = clock_timestamp()
  where a.step = attempt_succeeded.step and a.address = place and a.account = attempt_succeeded.account;
  update audit.sign_in_attempts a
  set failures = greatest(a.failures - 1, 0), blocked_until = null
  where a.step = attempt_succeeded.step and a.address is null and a.account = attempt_succeeded.account;
end
$$;

comment on function audit.attempt_succeeded(text, inet, bytea) is
  'Takes back what audit.allow_attempt() counted, because the password or code was right.';
grant execute on function audit.attempt_succeeded(text, inet, bytea) to audit_web;
