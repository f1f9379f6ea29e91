set local role audit_owner;

create or replace function audit.in_replication_worker() returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (select from pg_stat_get_subscription(null) s where s.pid = pg_backend_pid())
$$;

comment on function audit.in_replication_worker() is
  'Whether this is a worker of logical replication: it fires row triggers only, whatever it does.';
