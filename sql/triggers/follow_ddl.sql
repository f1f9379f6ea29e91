set local role audit_owner;

-- Runs as whoever changes the schema, who owns the table in question: triggers need that. Owners of
-- tracked tables may execute what is called here; to others nothing here is of any concern.
create or replace function audit.follow_ddl() returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  changed regclass[];
  one     regclass;
begin
  if not has_function_privilege('audit.changed_tables()', 'execute') then
    return;
  end if;
  -- A new table changes no other one, unless it is a part of that, or refers to it.
  if tg_tag = 'CREATE TABLE' and not exists (
    select from pg_event_trigger_ddl_commands() c
    where c.object_type = 'table' and c.schema_name is distinct from 'pg_temp'
      and (exists (select from pg_inherits i where i.inhrelid = c.objid)
        or exists (select from pg_constraint f where f.conrelid = c.objid and f.contype = 'f'))) then
    return;
  end if;
  -- All of them, before anything is looked at: each half done table would be taken for one that is broken.
  changed := array(select * from audit.changed_tables());
  foreach one in array changed loop
    perform audit.let_owner_read(one);
    perform audit.regenerate(one);
    perform audit.set_triggers(one);
  end loop;
  foreach one in array changed loop
    perform audit.finish_tracking(one);
  end loop;
  perform audit.record_problems(tg_tag);
exception
  when lock_not_available or deadlock_detected or serialization_failure then
    raise;  -- the command has not got a lock in time, and fails like any that has not
  when others then
    -- What is not followed here is reported by audit.status(); no DDL of anybody may fail for it.
    raise warning 'the audit log could not follow %: %', tg_tag, sqlerrm
      using hint = 'select * from audit.status() says what to do.';
end
$$;

comment on function audit.follow_ddl() is
  'Event trigger: generates capture anew when the columns of a tracked table change, and records what switches capture off.';

