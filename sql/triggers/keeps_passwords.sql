set local role audit_owner;

create or replace function audit.keeps_passwords() returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
begin
  -- PostgreSQL knows whether the view can be written and whether its owner may; explaining a statement asks it.
  execute 'explain update audit.web_users set password_hash = '''' where false';
  return true;
exception when insufficient_privilege or object_not_in_prerequisite_state or feature_not_supported then
  return false;
end
$$;

comment on function audit.keeps_passwords() is
  'Whether passwords can be changed here: audit.web_users shows the column of one table as it is, and its owner audit_owner has UPDATE on that column. The reference table users is set up like that; where another application keeps the passwords, it is their place to change them.';
grant execute on function audit.keeps_passwords() to audit_web, audit_admin;
