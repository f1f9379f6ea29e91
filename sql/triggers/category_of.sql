set local role audit_owner;

create or replace function audit.category_of(action text, entity text) returns text
language sql immutable parallel safe
as $$
  select case
    when action = 'export' then 'exports'
    when action in ('view', 'sign_in', 'sign_in_failed', 'sign_out', 'denied') then 'access'
    when action in ('erase', 'retain', 'configure') then 'settings'
    when entity in ('contact', 'group', 'user') then entity || 's'
    else 'other'
  end
$$;

comment on function audit.category_of(text, text) is
  'The category of an event: contacts, groups, users, exports, access, settings or other. A person may be limited to some of them.';
grant execute on function audit.category_of(text, text) to audit_web, audit_reader, audit_admin;
