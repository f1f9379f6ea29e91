set local role audit_owner;

create or replace function audit.check_web_login(login name default session_user) returns table (problem text, cure text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select w.problem, w.cure
  from pg_roles r
  cross join (select current_database() as name) here
  cross join lateral (values
    (1, r.rolsuper, 'is a superuser', format('alter role %I nosuperuser', r.rolname)),
    (2, r.rolcreaterole, 'can create roles', format('alter role %I nocreaterole', r.rolname)),
    (3, r.rolcreatedb, 'can create databases', format('alter role %I nocreatedb', r.rolname)),
    (4, r.rolbypassrls, 'bypasses row security', format('alter role %I nobypassrls', r.rolname)),
    (5, r.rolreplication, 'may copy the whole server', format('alter role %I noreplication', r.rolname)),
    (6, pg_has_role(r.oid, 'audit_owner', 'member'), 'can act as the owner of the log',
        format('revoke audit_owner from %I', r.rolname)),
    (7, pg_has_role(r.oid, 'audit_admin', 'member'), 'can decide what is tracked',
        format('revoke audit_admin from %I', r.rolname)),
    (8, pg_has_role(r.oid, 'audit_sealer', 'member'), 'can write seals',
        format('revoke audit_sealer from %I', r.rolname)),
    (9, pg_has_role(r.oid, (select d.datdba from pg_database d where d.datname = here.name), 'member'), 'owns the database',
        format('alter database %I owner to …', here.name)),
    (10, has_database_privilege(r.oid, here.name, 'create'), 'can create schemas',
        format('revoke create on database %I from %I', here.name, r.rolname)),
    (11, has_schema_privilege(r.oid, 'audit', 'create'), 'can create things beside the log',
        format('revoke create on schema audit from %I', r.rolname)),
    (12, has_any_column_privilege(r.oid, 'audit.log', 'insert, update') or has_table_privilege(r.oid, 'audit.log', 'delete, truncate'),
        'can write to the log', format('revoke insert, update, delete, truncate on audit.log from %I', r.rolname))
  ) w(place, wrong, problem, cure)
  where r.rolname = login and w.wrong
    -- A superuser may do all of it: one cause, one cure.
    and (w.place = 1 or not r.rolsuper)
  order by w.place
$$;

comment on function audit.check_web_login(name) is
  'What a login of the web application may do beyond reading the log, and what takes it away: no rows when all is well. auditlog serve refuses such a login, and auditlog status names it.';
grant execute on function audit.check_web_login(name) to audit_web, audit_reader, audit_admin;
