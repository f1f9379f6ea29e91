set local role audit_owner;

create or replace function audit.add_partition(at timestamptz) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  month     timestamptz := date_trunc('month', at);
  partition text        := format('events_%s', to_char(month, 'YYYY_MM'));
begin
  if to_regclass(format('audit.%I', partition)) is not null then
    return false;
  end if;
  -- Two sessions may want the same month at once.
  perform pg_advisory_xact_lock(hashtextextended('audit.add_partition', 0));
  if to_regclass(format('audit.%I', partition)) is not null then
    return false;
  end if;
  execute format('create table audit.%I partition of audit.events for values from (%L) to (%L)',
                 partition, month, month + interval '1 month');
  execute format('create trigger refuse_truncate before truncate on audit.%I '
                 'for each statement execute function audit.refuse_mutation()', partition);
  execute format('alter table audit.%I enable always trigger refuse_truncate', partition);
  return true;
end
$$;

comment on function audit.add_partition(timestamptz) is
  'Creates the partition of audit.events for the month of "at"; false when it is there already.';
