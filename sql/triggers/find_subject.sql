set local role audit_owner;

create or replace function audit.find_subject(
  entity text, schema_name text default null, table_name text default null, masked text[] default null
) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  subject audit.shapes;
begin
  subject.entity := entity;
  subject.schema_name := schema_name;
  subject.table_name := table_name;
  subject.parted := false;
  subject.masked := masked;
  return audit.find_shape(subject);
end
$$;

comment on function audit.find_subject(text, text, text, text[]) is
  'The shape of events about something that is no tracked table: a kind of record, or a table of another system.';
