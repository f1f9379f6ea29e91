set local role audit_owner;

create or replace function audit.add_partition(at timestamptz) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  month     timestamptz := date_trunc('month', at);
  partition text        := format('log_%s', to_char(month, 'YYYY_MM'));
  stray     boolean;
begin
  if to_regclass(format('audit.%I', partition)) is not null then
    return false;
  end if;
  -- Two sessions may want the same month at once. Attaching takes this lock in any case.
  lock table only audit.log in share update exclusive mode;
  if to_regclass(format('audit.%I', partition)) is not null then
    return false;
  end if;
  -- Rows of that month that fell into the default partition must go along, or there can be no such month.
  stray := exists (select from audit.log_default d where d.occurred_at >= month and d.occurred_at < month + interval '1 month');
  if stray then
    alter table audit.log detach partition audit.log_default;
  end if;
  -- To be born as a partition would lock every writer out until this transaction ends; to become one does not.
  execute format('create table audit.%I (like audit.log including defaults)', partition);
  execute format('create unique index on audit.%I (event_id)', partition);
  perform audit.guard(format('audit.%I', partition)::regclass);
  execute format('alter table audit.log attach partition audit.%I for values from (%L) to (%L)',
                 partition, month, month + interval '1 month');
  if stray then
    alter table audit.log_default disable trigger refuse_mutation;
    with taken as (
      delete from audit.log_default d where d.occurred_at >= month and d.occurred_at < month + interval '1 month' returning d.*)
    insert into audit.log overriding system value select * from taken;
    alter table audit.log_default enable always trigger refuse_mutation;
    alter table audit.log attach partition audit.log_default default;
  end if;
  return true;
end
$$;

comment on function audit.add_partition(timestamptz) is
  'Creates the partition of audit.log for the month of "at"; false when it is there already. Takes along rows of that month from the default partition.';
