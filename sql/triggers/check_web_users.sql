set local role audit_owner;

create or replace function audit.check_web_users() returns table (problem text, cure text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  reason text;
begin
  return query
  select format('the view audit.web_users has no column "%s" of type %s', w.name, w.type), 'Create the view again, as the README shows it.'
  from unnest(
    array['user_id', 'login', 'name', 'password_hash', 'active', 'permissions', 'categories'],
    array['text', 'text', 'text', 'text', 'boolean', 'text[]', 'text[]']) w(name, type)
  where not exists (
    select from pg_attribute a
    where a.attrelid = to_regclass('audit.web_users') and a.attname = w.name and not a.attisdropped
      and format_type(a.atttypid, null) = w.type);
  if found then
    return;
  end if;
  if not has_table_privilege('audit_web', 'audit.web_users', 'select') then
    return query select 'the web application may not read the view audit.web_users', 'grant select on audit.web_users to audit_web, audit_owner';
  end if;

  return query
  with people as materialized (select * from audit.web_users),
  -- Ids, never names or addresses: this is read in terminals and logs.
  wrong as (
    select 1 as place, p.user_id, 'have no user_id' as what, 'Leave them out, or give each a key.' as cure
    from people p where coalesce(p.user_id, '') = ''
    union all
    select 2, p.user_id, 'have no login', 'Leave them out, or say what they type to sign in.'
    from people p where coalesce(p.login, '') = ''
    union all
    select 3, d.user_id, 'share a user_id', 'Return each person once, for example with array(select …) instead of a join.'
    from people d where d.user_id <> '' group by d.user_id having count(*) > 1
    union all
    select 4, p.user_id, 'share a login, but for capitals', 'Make logins unique: nobody can tell who of them signs in.'
    from people p join people other on p.login <> '' and lower(other.login) = lower(p.login) and other.user_id <> p.user_id
    union all
    select 5, p.user_id, 'have no value in active, and cannot sign in', 'Return true or false.'
    from people p where p.active is null
    union all
    select 6, p.user_id, format('have the permission "%s", which does not exist', word),
      'There are audit.view, audit.export, audit.manage and audit.erase; audit.permissions_of() gives those of a role.'
    from people p, unnest(p.permissions) word
    where word is null or word not in ('audit.view', 'audit.export', 'audit.manage', 'audit.erase')
    union all
    select 7, p.user_id, format('are limited to "%s", which is no category', word),
      'There are contacts, groups, users, exports, access, settings and other; null is no limit.'
    from people p, unnest(p.categories) word
    where word is null or word not in ('contacts', 'groups', 'users', 'exports', 'access', 'settings', 'other')
    union all
    -- A hash that starts with ! or * is none on purpose. Never more of one is shown than its kind.
    select 8, p.user_id, format('have a password hash of %s, and cannot sign in with it',
        coalesce('the kind ' || substring(p.password_hash from '^\$?[a-z0-9_]{1,20}(?=\$)'), 'no known kind')),
      'argon2 and Django''s pbkdf2_sha256 are understood: let them set a new password.'
    from people p
    where p.password_hash !~ '^(argon2)?\$argon2(id|i|d)\$' and p.password_hash !~ '^pbkdf2_sha256\$[0-9]+\$[^$]+\$'
      and p.password_hash !~ '^[!*]' and p.password_hash <> ''
  )
  select
    format('people in audit.web_users %s: user_id %s%s', w.what,
           array_to_string((array_agg(distinct w.user_id))[1:3], ', ', 'null'),
           case when count(distinct w.user_id) > 3 then format(' and %s more', count(distinct w.user_id) - 3) end),
    w.cure
  from wrong w
  group by w.place, w.what, w.cure
  order by w.place, w.what;

  return query
  select 'nobody in audit.web_users may open the report', 'Give somebody who is active the permission audit.view.'
  where exists (select from audit.web_users)
    and not exists (select from audit.web_users p where p.active and 'audit.view' = any (p.permissions));
exception
  when others then
    get stacked diagnostics reason = message_text;
    return query select format('the view audit.web_users cannot be read (%s)', reason),
      case when reason like '%row-level security%' then 'Let a superuser run: alter role audit_owner bypassrls.'
           when sqlstate = '42501' then 'Grant SELECT on what it reads to the owner of the view, and USAGE on the schema.'
           else 'Mend what it reads, or create the view again.' end;
end
$$;

comment on function audit.check_web_users() is
  'What is wrong with the view audit.web_users, and what to do: no rows when all is well. auditlog status prints it.';
grant execute on function audit.check_web_users() to audit_web, audit_reader, audit_admin;
