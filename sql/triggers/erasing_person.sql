set local role audit_owner;

create or replace function audit.erasing_person(session_hash bytea) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  account text;
begin
  if session_hash is null then
    if not pg_has_role(session_user, 'audit_admin', 'member') then
      raise exception 'the login "%" may not erase in its own name', session_user
        using errcode = 'insufficient_privilege',
              hint = 'The login of the report erases in nobody''s name. Use one of your own: create role NAME login in role audit_admin.';
    end if;
    return 'login ' || session_user;
  end if;
  select u.user_id into account
  from audit.web_sessions s join audit.web_users u on u.user_id = s.user_id
  where s.token_hash = session_hash and u.active and 'audit.erase' = any (u.permissions)
    and s.authenticated_at > clock_timestamp() - interval '1 hour'
    and pg_has_role(session_user, 'audit_web', 'member');
  if not found then
    raise exception 'nobody who may erase proved who they are in this session within the last hour'
      using errcode = 'insufficient_privilege',
            hint = 'Sign in to the report again, as somebody with the permission audit.erase: auditlog user grant E-MAIL audit.erase.';
  end if;
  return 'account ' || account;
end
$$;

comment on function audit.erasing_person(bytea) is
  'Who asks, approves or withdraws: the login, or the account of a session of the report, whose token has this SHA-256. Error: 42501 when they may not erase.';
