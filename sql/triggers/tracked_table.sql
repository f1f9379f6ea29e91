set local role audit_owner;

create or replace function audit.tracked_table("table" regclass) returns audit.tracked
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_row audit.tracked;
begin
  select t.* into found_row from audit.tracked t where audit.tracked_relation(t.tracked_id) = "table";
  if not found then
    raise exception '% is not tracked', coalesce("table"::text, 'null')
      using errcode = 'undefined_object',
            detail = format('Tracked tables: %s.', coalesce((
              select string_agg(format('%I.%I', t.schema_name, t.table_name), ', ' order by 1) from audit.tracked t), 'none')),
            hint = format('Start capture with: select audit.track(%L).', "table"::text);
  end if;
  return found_row;
end
$$;

comment on function audit.tracked_table(regclass) is
  'How a table is tracked. Error: 42704 when it is not; the message lists the tables that are.';
grant execute on function audit.tracked_table(regclass) to audit_admin, audit_reader;
