set local role audit_owner;

create or replace function audit.history("table" regclass, record_id text) returns setof audit.report
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
begin
  -- A record's own table shows what happened to the rows that belong to it too.
  return query
    select r.*
    from audit.report r
    where r.record_id = audit.short_key(history.record_id)
      and r.entity = tracked.entity
      and (tracked.parent is null or (r.schema_name = tracked.schema_name and r.table_name = tracked.table_name))
    order by r.occurred_at, r.event_id;
end
$$;

comment on function audit.history(regclass, text) is
  'Every event of one record, oldest first. record_id: the primary key as text. Error: 42704 when the table is not tracked.';
grant execute on function audit.history(regclass, text) to audit_reader, audit_web, audit_admin;
