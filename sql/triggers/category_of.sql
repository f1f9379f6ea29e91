set local role audit_owner;

create or replace function audit.category_of(action text, entity text) returns text
language sql immutable parallel safe
as $$
  -- Each argument once: otherwise PostgreSQL would call this for every row instead of unfolding it.
  select coalesce(
    case action
      when 'export' then 'exports'
      when 'view' then 'access' when 'sign_in' then 'access' when 'sign_in_failed' then 'access'
      when 'sign_out' then 'access' when 'denied' then 'access'
      when 'erase' then 'settings' when 'retain' then 'settings' when 'configure' then 'settings'
    end,
    case entity when 'contact' then 'contacts' when 'group' then 'groups' when 'user' then 'users' else 'other' end)
$$;

comment on function audit.category_of(text, text) is
  'The category of an event: contacts, groups, users, exports, access, settings or other. A person may be limited to some of them.';
grant execute on function audit.category_of(text, text) to audit_web, audit_reader, audit_admin, audit_sealer;
