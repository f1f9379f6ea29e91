-- Only a superuser may have event triggers. Without one, audit.status() reports what it would have followed.
do $$
begin
  if not exists (select from pg_event_trigger where evtname = 'audit_follow_ddl') then
    create event trigger audit_follow_ddl on ddl_command_end
      when tag in ('ALTER TABLE', 'CREATE TABLE', 'DROP TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER', 'DROP TRIGGER',
                   'CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'ALTER SCHEMA', 'DROP SCHEMA', 'DROP OWNED', 'ALTER TYPE')
      execute function audit.follow_ddl();
  end if;
  alter event trigger audit_follow_ddl enable always;
exception when insufficient_privilege then
  null;
end
$$;
