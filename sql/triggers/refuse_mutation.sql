set local role audit_owner;

create or replace function audit.refuse_mutation() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'the audit log is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege',
          detail = 'Events are written by capture triggers and never changed, by their owner included.',
          hint = 'To forget a person or drop old months, use auditlog erase and auditlog retain.';
end
$$;

comment on function audit.refuse_mutation() is
  'Trigger: refuses UPDATE, DELETE and TRUNCATE on events with 42501.';

create or replace trigger refuse_mutation
  before update or delete on audit.events
  for each row execute function audit.refuse_mutation();
alter table audit.events enable always trigger refuse_mutation;

-- Statement triggers are not inherited: audit.add_partition() gives each month its own.
create or replace trigger refuse_truncate
  before truncate on audit.events
  for each statement execute function audit.refuse_mutation();
alter table audit.events enable always trigger refuse_truncate;
create or replace trigger refuse_truncate
  before truncate on audit.events_default
  for each statement execute function audit.refuse_mutation();
alter table audit.events_default enable always trigger refuse_truncate;
