-- Who can act as each role of the log: logins of the database that are its members, and those who may do anything.
select wanted.name as role, array(
  select r.rolname::text from pg_roles r
  where r.rolcanlogin and (case when wanted.name = 'superuser' then r.rolsuper
                           else not r.rolsuper and exists (
                             select from pg_roles role where role.rolname = wanted.name and pg_has_role(r.oid, role.oid, 'member')) end)
  order by 1 limit 50) as logins
from unnest(array['audit_reader', 'audit_web', 'audit_admin', 'audit_sealer', 'audit_streamer', 'audit_owner', 'superuser']) wanted(name)
