set local role audit_owner;

-- Declared immutable so that the planner answers it once, when it plans a statement of a capture
-- function. Each such statement names audit.watch_<id>, a view on the table: so PostgreSQL itself
-- throws the plan away when the table changes, and asks again. A row costs nothing. Being asked by
-- every session, it also sees in time that the months run out.
create or replace function audit.is_current(shape_id integer) returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  shape   audit.shapes;
  tracked audit.tracked;
  actual  audit.shapes;
begin
  select s.* into shape from audit.shapes s where s.shape_id = is_current.shape_id;
  if not found then
    -- The function that asks is newer than the snapshot of its transaction.
    raise exception 'could not serialize access: capture was changed since this transaction began'
      using errcode = 'serialization_failure', hint = 'Try the transaction again.';
  end if;
  select t.* into tracked from audit.tracked t where t.tracked_id = shape.tracked_id;
  actual := audit.shape_now(tracked, audit.tracked_relation(shape.tracked_id));
  if to_regclass('audit.log_' || to_char(now() at time zone 'UTC' + interval '1 month', 'YYYY_MM')) is null then
    perform audit.extend_partitions();
  end if;
  return audit.same_shape(shape, actual);
end
$$;

comment on function audit.is_current(integer) is
  'Whether a tracked table still has the columns, key and name of that shape. Error: 40001 when a repeatable read transaction is older than the shape.';
