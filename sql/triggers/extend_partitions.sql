set local role audit_owner;

create or replace function audit.extend_partitions() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever comes first does it; nobody waits for it, and nobody's write fails for it.
  lock table only audit.log in share update exclusive mode nowait;
  perform audit.ensure_partitions();
exception
  when lock_not_available then
    null;
  when others then
    raise warning 'the audit log could not make its next months: %', sqlerrm
      using hint = 'Run auditlog migrate.';
end
$$;

comment on function audit.extend_partitions() is
  'The writers'' own way to the next months, when nobody has run auditlog migrate, serve or seal for long.';
