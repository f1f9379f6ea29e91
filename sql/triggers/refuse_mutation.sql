set local role audit_owner;

create or replace function audit.refuse_mutation() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Only audit.approve_erasure() gets a row like this one, and two people have signed it.
  if tg_op = 'UPDATE' and tg_table_name <> 'events' and exists (
    select from audit.erasures e where e.erasing = pg_current_xact_id_if_assigned() and e.approved_by <> e.requested_by) then
    return null;
  end if;
  raise exception 'the audit log is append-only: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'insufficient_privilege',
          detail = 'Events are written by capture triggers and never changed, by their owner included.',
          hint = 'To forget a person or drop old months, use auditlog erase and auditlog retain.';
end
$$;

comment on function audit.refuse_mutation() is
  'Trigger: refuses UPDATE, DELETE and TRUNCATE on the log, and any write through its view, with 42501. Lets audit.approve_erasure() pass.';

select audit.guard('audit.log'), audit.guard('audit.log_default');
select audit.guard(seals) from unnest('{audit.leaves,audit.nodes,audit.checkpoints,audit.incarnations,audit.archives}'::regclass[]) seals;

create or replace trigger refuse_mutation
  instead of insert or update or delete on audit.events
  for each row execute function audit.refuse_mutation();
