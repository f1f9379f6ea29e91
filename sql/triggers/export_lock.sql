set local role audit_owner;

create or replace function audit.export_lock(person text) returns bigint
language sql immutable parallel safe
as $$
  select hashtextextended('audit.export:' || person, 0)
$$;

comment on function audit.export_lock(text) is
  'Key of the advisory lock that a person''s running export of the report holds: one at a time, and a free lock tells that it is over.';
grant execute on function audit.export_lock(text) to audit_web, audit_reader;
