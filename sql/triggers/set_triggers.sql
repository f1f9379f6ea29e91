set local role audit_owner;

-- Runs as its caller, who owns the table: only an owner may enable a trigger ALWAYS.
create or replace function audit.set_triggers("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
  -- Those of a table whose inserts are no longer captured by statement.
  unused  text[] := case when tracked.by_statement then '{}' else array(
    select g.tgname from pg_trigger g where g.tgrelid = "table" and g.tgname in ('audit_capture_inserts', 'audit_capture_replicated')) end;
  part    regclass;
  name    text;
begin
  -- Once, the root before its partitions, and as strong as it must be: whoever asks for more later, while
  -- others hold a part of it, may wait for them as they wait for it.
  execute format('lock table %s in %s mode', "table", case when unused = '{}' then 'share row exclusive' else 'access exclusive' end);
  execute format('create or replace trigger audit_capture after %s update or delete on %s for each row execute function audit.%I()',
                 case when tracked.by_statement then '' else 'insert or' end, "table", tracked.row_function);
  execute format('alter table %s enable always trigger audit_capture', "table");

  if tracked.by_statement then
    execute format('create or replace trigger audit_capture_inserts after insert on %s referencing new table as captured '
                   'for each statement execute function audit.%I()', "table", tracked.row_function || '_inserts');
    execute format('alter table %s enable always trigger audit_capture_inserts', "table");
    -- What logical replication applies fires no statement triggers.
    execute format('create or replace trigger audit_capture_replicated after insert on %s '
                   'for each row execute function audit.%I()', "table", tracked.row_function);
    execute format('alter table %s enable replica trigger audit_capture_replicated', "table");
  end if;
  foreach name in array unused loop
    execute format('drop trigger %I on %s', name, "table");
  end loop;

  for part in select p.relid from pg_partition_tree("table") p union select "table" loop
    execute format('create or replace trigger audit_capture_truncate before truncate on %s '
                   'for each statement execute function audit.capture_truncate(%s)', part, tracked.tracked_id);
    execute format('alter table %s enable always trigger audit_capture_truncate', part);
    if not has_table_privilege('audit_owner', part, 'select') then
      execute format('grant select on %s to audit_owner', part);
    end if;
  end loop;
end
$$;

comment on function audit.set_triggers(regclass) is
  'Puts the capture triggers of a tracked table, and of its partitions, in place. The inside of audit.track() and audit.refresh().';
grant execute on function audit.set_triggers(regclass) to audit_admin;
