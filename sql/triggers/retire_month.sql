set local role audit_owner;

create or replace function audit.retire_month(month date, file text, sha256 text, events bigint, erasures bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  part     text := format('log_%s', to_char(month, 'YYYY_MM'));
  found    bigint;
  unsealed bigint;
  leaves   int8multirange;
  tables   text[];
  blocker  text;
  retained bigint;
begin
  if month + interval '1 month' > date_trunc('month', now()) then
    raise exception 'audit.retire_month: the month of % is not over', month
      using errcode = 'invalid_parameter_value', hint = 'Only closed months leave the log.';
  end if;
  -- What is being erased must not stay in the clear in the file.
  perform pg_advisory_xact_lock(hashtextextended('audit.approve_erasure', 0));
  lock table only audit.log in share update exclusive mode;
  if to_regclass(format('audit.%I', part)) is null then
    raise exception 'audit.retire_month: the log has no month %', to_char(month, 'YYYY-MM')
      using errcode = 'undefined_table', hint = 'It has left already: see audit.archives.';
  end if;
  -- From here on nobody adds an event to it, and it is the same that was written to the file.
  execute format('lock table audit.%I in share row exclusive mode', part);
  execute format('select count(*), count(*) filter (where f.event_id is null), '
                 'coalesce(range_agg(int8range(f.leaf_index, f.leaf_index + 1)) filter (where f.leaf_index is not null), %L) '
                 'from audit.%I l left join audit.leaves f using (event_id)', '{}', part)
    into found, unsealed, leaves;
  if unsealed > 0 or found <> events then
    raise exception 'audit.retire_month: % of % events of % are in the file, and % have no seal', events, found, to_char(month, 'YYYY-MM'), unsealed
      using errcode = 'object_not_in_prerequisite_state', hint = 'Run auditlog seal, then auditlog retain again.';
  end if;
  if erasures <> (select count(*) from audit.erasures e where e.approved_by is not null) then
    raise exception 'audit.retire_month: a request to erase was approved after the file of % was begun', to_char(month, 'YYYY-MM')
      using errcode = 'object_not_in_prerequisite_state', hint = 'Run auditlog retain again: it writes the file anew.';
  end if;
  blocker := audit.kept_by(month);
  if blocker is not null then
    raise exception 'audit.retire_month: % stays, kept by %', to_char(month, 'YYYY-MM'), blocker
      using errcode = 'object_in_use', hint = 'auditlog hold list, and auditlog stream --list, show what keeps events.';
  end if;
  execute format('select coalesce(array_agg(distinct s.schema_name || ''.'' || s.table_name) filter (where s.table_name is not null), %L) '
                 'from audit.%I l join audit.shapes s using (shape_id)', '{}', part) into tables;
  retained := audit.record_event('log', 'retain', to_char(month, 'YYYY-MM'), null, jsonb_build_object(
    'month', to_char(month, 'YYYY-MM'), 'events', found, 'leaves', leaves::text, 'file', file, 'sha256', sha256));
  insert into audit.archives (month, file, sha256, events, leaves, tables, event_id)
  values (month, file, sha256, found, leaves, tables, retained);
  -- Before the lock that writers wait for.
  perform audit.forget_search(month, month + interval '1 month');
  execute format('alter table audit.log detach partition audit.%I', part);
  execute format('drop table audit.%I', part);
  return retained;
end
$$;

comment on function audit.retire_month(date, text, text, bigint, bigint) is
  'Drops a month of the log that was written to a file, when so many requests to erase had been approved; records that, and returns the event. Waits for writers no longer than lock_timeout. For auditlog retain, which writes the file and reads it back first. Errors: 22023 the month is not over, 42P01 it is not there, 55000 the file has not all of it, or more than what is left of it, or seals are missing, 55006 something keeps it.';
grant execute on function audit.retire_month(date, text, text, bigint, bigint) to audit_admin;
