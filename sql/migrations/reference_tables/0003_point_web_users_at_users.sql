-- By this, passwords can be changed in the report: see audit.keeps_passwords().
grant update (password_hash) on public.users to audit_owner;

set local role audit_owner;

create or replace view audit.web_users as
select
  u.id::text       as user_id,
  lower(u.email)   as login,
  u.name           as name,
  u.password_hash  as password_hash,
  u.active         as active,
  audit.permissions_of(u.role) || array(
    select p.permission from public.user_permissions p where p.user_id = u.id order by p.permission
  )                as permissions,
  u.categories     as categories
from public.users u;
