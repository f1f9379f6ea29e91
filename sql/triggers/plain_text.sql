set local role audit_owner;

create or replace function audit.plain_text(stored text) returns text
language sql immutable parallel safe
as $$
  select case when starts_with(stored, '{')
    -- A JSON object: without the names of its fields, and with its line breaks.
    then regexp_replace(regexp_replace(left(stored, 80000), '"(?:[^"\\]|\\.)*": ', ' ', 'g'), '\\[nrtbf]', ' ', 'g')
    else left(stored, 80000) end
$$;

comment on function audit.plain_text(text) is
  'What can be searched for in a stored row or context: its values, as far as they are in the first 80000 characters.';
grant execute on function audit.plain_text(text) to audit_web, audit_reader, audit_admin, audit_sealer;
