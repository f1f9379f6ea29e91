set local role audit_owner;

-- PL/pgSQL, because an SQL function would be taken apart and planned again for each statement.
create or replace function audit.event_is_whole(
  action text, schema_name text, table_name text, before jsonb, after jsonb, changed_fields text[]
) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return case
    -- What changed a row names its table, and holds what was and what is now, as far as there was and is.
    when action = 'update' then
      schema_name is not null and table_name is not null
      and before is not null and after is not null
      -- An update that changed nothing is not an event.
      and coalesce(cardinality(changed_fields), 0) > 0
    when action in ('insert', 'baseline') then
      schema_name is not null and table_name is not null
      and before is null and after is not null and changed_fields is null
    when action in ('delete', 'truncate') then
      schema_name is not null and table_name is not null
      and before is not null and after is null and changed_fields is null
    -- Anything else happened to no row. An action outside this list is a mistake in a function.
    when action in ('export', 'view', 'sign_in', 'sign_in_failed', 'sign_out', 'denied', 'erase', 'retain', 'configure') then
      before is null and after is null and changed_fields is null
    else false
  end;
end
$$;

comment on function audit.event_is_whole(text, text, text, jsonb, jsonb, text[]) is
  'Whether an event fills the columns that its action must fill, and no others. The CHECK of audit.events.';
