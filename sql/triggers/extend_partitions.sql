set local role audit_owner;

create or replace function audit.extend_partitions() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever comes first does it; nobody waits for it, and nobody's write fails for it.
  if pg_try_advisory_xact_lock(hashtextextended('audit.add_partition', 0)) then
    perform audit.ensure_partitions();
  end if;
exception when others then
  raise warning 'the audit log could not make its next months: %', sqlerrm
    using hint = 'Run auditlog migrate.';
end
$$;

comment on function audit.extend_partitions() is
  'The writers'' own way to the next months, when nobody has run auditlog migrate, serve or seal for long.';
