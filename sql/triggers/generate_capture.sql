set local role audit_owner;

create or replace function audit.generate_capture(wanted audit.tracked, "table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $generate$
declare
  known audit.tracked;
  shape audit.shapes;
  made  record;
  whole text := ' from ' || audit.whole_sql("table", 'captured') || ' "$new", ' || audit.whole_sql("table", 'previous') || ' "$old"';
  owner regrole := (select c.relowner from pg_class c where c.oid = "table");
begin
  -- One at a time: two would make the same functions.
  lock table audit.tracked in share update exclusive mode;
  select * into known from audit.tracked t where audit.tracked_relation(t.tracked_id) = "table";
  wanted.tracked_id := coalesce(known.tracked_id, nextval('audit.tracked_tracked_id_seq'));
  wanted.since := coalesce(known.since, clock_timestamp());
  wanted.row_function := coalesce(known.row_function, format('capture_%s_%s',
    left(regexp_replace(wanted.table_name, '[^a-zA-Z0-9_]', '_', 'g'), 30), wanted.tracked_id));
  if known.tracked_id is null then
    execute format('create view audit.watch_%s as select from %s', wanted.tracked_id, "table");
    execute format('comment on view audit.watch_%s is %L', wanted.tracked_id, 'What ties capture to its table. It holds nothing.');
  end if;

  shape := audit.shape_now(wanted, "table");
  shape.shape_id := audit.find_shape(shape);
  wanted.shape_id := shape.shape_id;
  wanted.schema_name := shape.schema_name;
  wanted.table_name := shape.table_name;
  wanted.problem := known.problem;
  wanted.checksum := known.checksum;
  wanted.generating := pg_current_xact_id();
  delete from audit.tracked t where t.tracked_id = wanted.tracked_id;
  insert into audit.tracked overriding system value select wanted.*;
  perform audit.generate_reader();

  -- A row of a transition table is of no type until a function gives it one. The planner puts it in place.
  execute format('create or replace function audit.typed_%s(captured %s) returns %2$s language sql stable as ''select captured''',
                 wanted.tracked_id, "table");
  execute format('create or replace function audit.key_%s(captured %s) returns text language sql stable as %L',
                 wanted.tracked_id, "table", 'select ' || audit.key_sql(shape, 'captured'));
  execute format('create or replace function audit.stored_%s(captured %s, previous %2$s) returns text language sql stable as %L',
                 wanted.tracked_id, "table", case when whole is null then 'select ' || audit.stored_sql(shape, 'captured', 'previous')
                   else 'select ' || audit.stored_sql(shape, '"$new"', '"$old"') || whole end);
  execute format('create or replace function audit.large_%s(captured %s, previous %2$s) returns text language sql stable as %L',
                 wanted.tracked_id, "table", format('select audit.large_row(%s, %L, %s)%s',
                 shape.shape_id, cardinality(wanted.exclude || wanted.mask) = 0,
                 case when whole is null then 'captured, previous' else format('row("$new".*)::%s, row("$old".*)::%1$s', "table") end, whole));
  for made in
    select wanted.row_function || f.suffix as name, f.action
    from (values ('', null), ('_inserts', 'insert'), ('_updates', 'update'), ('_deletes', 'delete')) f(suffix, action)
  loop
    execute format('create or replace function audit.%I() returns trigger language plpgsql security definer '
                   'set search_path = pg_catalog, pg_temp %s as %L',
                   -- A plan made for many rows is kept for one: compiling it would take a thousand times as long as running it.
                   made.name, concat_ws(' ', case when made.action is not null then 'set jit = off' end, audit.session_pins("table")),
                   audit.capture_sql(wanted, made.action));
    execute format('comment on function audit.%I() is %L', made.name, format('Capture of %s. Generated.', "table"));
    execute format('grant execute on function audit.%I() to audit_admin, %s', made.name, owner);
  end loop;
  -- What audit.follow_ddl() does on the owner's behalf. None of it can keep a change from the log.
  execute format('grant execute on function audit.capture_truncate(), audit.note_moves(), audit.changed_tables(), audit.tracked_table(regclass), '
    'audit.refresh(regclass), audit.let_owner_read(regclass), audit.regenerate(regclass), audit.set_triggers(regclass), audit.finish_tracking(regclass), '
    'audit.record_problems(text) to %s', owner);

  if known.tracked_id is null or (known.entity, known.label, known.exclude, known.mask, known.parent)
    is distinct from (wanted.entity, wanted.label, wanted.exclude, wanted.mask, wanted.parent) then
    perform audit.record_event(wanted.entity, 'configure', details => jsonb_build_object(
      'did', 'track', 'schema_name', wanted.schema_name, 'table_name', wanted.table_name, 'entity', wanted.entity,
      'label', wanted.label, 'exclude', wanted.exclude, 'mask', wanted.mask, 'parent', wanted.parent));
  end if;
end
$generate$;

comment on function audit.generate_capture(audit.tracked, regclass) is
  'Writes the capture functions of one table, remembers them, and records how it is tracked if that has changed. audit.finish_tracking() must follow. The inside of audit.track() and audit.refresh().';
grant execute on function audit.generate_capture(audit.tracked, regclass) to audit_admin;
