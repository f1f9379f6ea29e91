set local role audit_owner;

create or replace function audit.record_baseline("table" regclass, only_older boolean default false) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
  shape   audit.shapes  := audit.shape_now(tracked, "table");
begin
  if only_older and (cardinality(shape.key) = 0 or shape.parent is not null) then
    raise exception 'audit.record_baseline: rows of %.% are not told apart by their record_id', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported',
            hint = format('Block writers instead: select audit.track(%L, baseline => true).', "table"::text);
  end if;
  return audit.record_rows(tracked, 'b', "table", only_older);
end
$$;

comment on function audit.record_baseline(regclass, boolean) is
  'Records every row that a tracked table holds now as a baseline event; returns how many. only_older: just the rows of which no event tells, as from when capture began; call it so after audit.track() has been committed, and it blocks nobody. Otherwise no writer may be at work. Errors: 42704 not tracked; 40001 in a repeatable read transaction older than another''s commit; with only_older 0A000, no primary key or rows that belong to a parent.';
grant execute on function audit.record_baseline(regclass, boolean) to audit_admin;
