set local role audit_owner;

-- Runs as its caller, who owns the table: only an owner may enable a trigger ALWAYS.
create or replace function audit.set_triggers("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
  -- Those of actions that are no longer captured the same way.
  unused  text[] := array(
    select g.tgname from pg_trigger g
    where g.tgrelid = "table" and g.tgfoid in (select p.oid from pg_proc p where p.pronamespace = 'audit'::regnamespace)
      and g.tgname not in (select w.name from audit.capture_triggers(tracked) w where w.part = "table"));
  wanted  record;
  name    text;
begin
  -- Once, the root before its partitions, and as strong as it must be: whoever asks for more later, while
  -- others hold a part of it, may wait for them as they wait for it.
  execute format('lock table %s in %s mode', "table", case when unused = '{}' then 'share row exclusive' else 'access exclusive' end);
  foreach name in array unused loop
    execute format('drop trigger %I on %s', name, "table");
  end loop;
  for wanted in select w.* from audit.capture_triggers(tracked) w where not w.cloned loop
    execute format('create or replace trigger %I %s execute function audit.%I(%s)', wanted.name, format(wanted.made_with, wanted.part),
                   wanted.function, case when wanted.function = 'capture_truncate' then tracked.tracked_id end);
    execute format('alter table %s enable %s trigger %I', wanted.part, case wanted.enabled when 'R' then 'replica' else 'always' end, wanted.name);
    if not has_table_privilege('audit_owner', wanted.part, 'select') then
      execute format('grant select on %s to audit_owner', wanted.part);
    end if;
  end loop;
end
$$;

comment on function audit.set_triggers(regclass) is
  'Puts the capture triggers of a tracked table, and of its partitions, in place. The inside of audit.track() and audit.refresh().';
grant execute on function audit.set_triggers(regclass) to audit_admin;
