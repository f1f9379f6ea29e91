set local role audit_owner;

create or replace function audit.ensure_partitions(months_ahead integer default 6) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  created integer := 0;
  stray   timestamptz;
begin
  if months_ahead is null or months_ahead not between 0 and 120 then
    raise exception 'audit.ensure_partitions: months_ahead is %, not between 0 and 120', coalesce(months_ahead::text, 'null')
      using errcode = 'invalid_parameter_value',
            hint = 'Leave it out for six months.';
  end if;
  for month in 0 .. months_ahead loop
    created := created + audit.add_partition(date_trunc('month', now()) + month * interval '1 month')::integer;
  end loop;
  -- And whatever month an event is of that fell into the default partition.
  foreach stray in array array(select distinct date_trunc('month', d.occurred_at) from audit.log_default d) loop
    created := created + audit.add_partition(stray)::integer;
  end loop;
  return created;
end
$$;

comment on function audit.ensure_partitions(integer) is
  'Creates the monthly partitions of audit.log from this month to months_ahead from now, and those of events in the default partition; returns how many were missing. Error: 22023 outside 0..120.';
grant execute on function audit.ensure_partitions(integer) to audit_web, audit_sealer, audit_admin;
