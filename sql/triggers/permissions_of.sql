set local role audit_owner;

create or replace function audit.permissions_of(role text) returns text[]
language sql immutable parallel safe
as $$
  select case role
    when 'auditor'       then array['audit.view', 'audit.export']
    -- Not audit.erase: erasing takes two people, each of whom is named, whatever their role.
    when 'administrator' then array['audit.view', 'audit.export', 'audit.manage']
    else array[]::text[]
  end
$$;

comment on function audit.permissions_of(text) is
  'What a role may do in the report: auditor and administrator; nothing for any other word. For use in the view audit.web_users. audit.erase belongs to no role: it is given to persons.';
grant execute on function audit.permissions_of(text) to audit_web, audit_admin;
