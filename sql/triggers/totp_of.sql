set local role audit_owner;

create or replace function audit.totp_of(
  user_id            text,
  out secret         bytea,
  out since          timestamptz,
  out recovery_codes bigint
) language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select t.secret, t.since, (select count(*) from audit.recovery_codes r where r.user_id = t.user_id)
  from audit.totp t where t.user_id = totp_of.user_id
$$;

comment on function audit.totp_of(text) is
  'The encrypted TOTP secret of a person, since when, and how many recovery codes are left; nulls when there is none.';
grant execute on function audit.totp_of(text) to audit_web;
