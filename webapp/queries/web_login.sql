-- The login of this connection, or, for whoever looks after all of them, those that were given the role audit_web.
select r.rolname::text as login, wrong.problem, wrong.cure
from pg_roles r
cross join lateral audit.check_web_login(r.rolname) wrong
where case when %(own)s then r.rolname = session_user
      else r.rolcanlogin and exists (
        select from pg_auth_members m where m.member = r.oid and m.roleid = 'audit_web'::regrole
          -- From PostgreSQL 16 on, whoever created the role is a member, too, without its rights.
          and coalesce((to_jsonb(m) ->> 'inherit_option')::boolean or (to_jsonb(m) ->> 'set_option')::boolean, true)) end
order by r.rolname
