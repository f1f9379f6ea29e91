set local role audit_owner;

create or replace function audit.request_column_erasure("table" regclass, reason text) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person  text := 'login ' || session_user;
  tracked audit.tracked := audit.tracked_table("table");
  given   audit.erasures;
begin
  perform audit.require_erasure_reason(reason);
  given.entity := tracked.entity;
  given.schema_name := tracked.schema_name;
  given.table_name := tracked.table_name;
  given.columns := tracked.mask || tracked.exclude;
  if not exists (select from audit.erasure_events(given)) then
    raise exception 'no event of %.% holds a value of a column that is masked or excluded now', tracked.schema_name, tracked.table_name
      using errcode = 'no_data_found',
            hint = 'First say which columns to hide from now on, with auditlog track --mask or --exclude.';
  end if;
  insert into audit.erasures as e (entity, schema_name, table_name, columns, reason, requested_by)
  values (given.entity, given.schema_name, given.table_name, given.columns, trim(reason), person)
  returning e.erasure_id into given.erasure_id;
  perform audit.record_event(given.entity, 'erase', details => jsonb_build_object(
    'did', 'request', 'request', given.erasure_id, 'reason', trim(reason), 'requested_by', person,
    'schema_name', given.schema_name, 'table_name', given.table_name, 'columns', given.columns));
  return given.erasure_id;
end
$$;

comment on function audit.request_column_erasure(regclass, text) is
  'Asks that what is masked or excluded in a table now vanish from its older events, too; another person approves. Returns the number of the request, and records it. Errors: 42501 may not erase, 22023 no reason, 42704 not tracked, P0002 nothing to erase.';
grant execute on function audit.request_column_erasure(regclass, text) to audit_admin;
