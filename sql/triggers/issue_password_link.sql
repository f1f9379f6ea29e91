set local role audit_owner;

create or replace function audit.issue_password_link(
  login      text,
  token_hash bytea,
  lifetime   interval default '24 hours'
) returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  person     record;
  expires_at timestamptz := clock_timestamp() + lifetime;
begin
  if not audit.keeps_passwords() then
    raise exception 'audit.issue_password_link: passwords are not kept here'
      using errcode = 'object_not_in_prerequisite_state',
            detail = 'audit.web_users shows passwords that another application keeps.',
            hint = 'Change the password there.';
  end if;
  select u.user_id, u.name into person from audit.web_users u where u.login = lower(issue_password_link.login);
  if not found then
    raise exception 'audit.issue_password_link: there is no user "%"', login
      using errcode = 'undefined_object',
            hint = 'Look for the login in audit.web_users.';
  end if;
  delete from audit.password_links l where l.expires_at < clock_timestamp();
  insert into audit.password_links as l (token_hash, user_id, expires_at)
  values (issue_password_link.token_hash, person.user_id, expires_at)
  on conflict (user_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at;
  perform audit.record_event('user', 'configure', person.user_id, person.name,
    jsonb_build_object('did', 'issue_password_link', 'expires_at', expires_at));
  return expires_at;
end
$$;

comment on function audit.issue_password_link(text, bytea, interval) is
  'Makes the link valid whose token has this SHA-256, for one person and once; an earlier one of theirs ends. It is an event. Returns when it expires. Errors: 42704 for an unknown login; 55000 where passwords are kept elsewhere.';
grant execute on function audit.issue_password_link(text, bytea, interval) to audit_admin;
