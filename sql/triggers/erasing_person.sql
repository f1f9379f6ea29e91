set local role audit_owner;

create or replace function audit.erasing_person(account text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if account is null then
    if not pg_has_role(session_user, 'audit_admin', 'member') then
      raise exception 'the login "%" may not erase in its own name', session_user
        using errcode = 'insufficient_privilege',
              hint = format('Let an administrator run: grant audit_admin to %I. The web application names the account for which it acts.', session_user);
    end if;
    return 'login ' || session_user;
  end if;
  if not pg_has_role(session_user, 'audit_web', 'member') or not exists (
    select from audit.web_users u where u.user_id = account and u.active and 'audit.erase' = any (u.permissions)) then
    raise exception 'account % may not erase', account
      using errcode = 'insufficient_privilege',
            hint = 'Give that person the permission with: auditlog user grant E-MAIL audit.erase. Only the web application acts for accounts.';
  end if;
  return 'account ' || account;
end
$$;

comment on function audit.erasing_person(text) is
  'Who asks or approves: the login, or the account for which the web application acts. Error: 42501 when they may not erase.';
