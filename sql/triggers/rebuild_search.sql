set local role audit_owner;

create or replace function audit.rebuild_search() returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  lock table audit.searching in share update exclusive mode;
  truncate audit.search, audit.activity, audit.actor_days;
  update audit.searching s set low_event_id = 0, mark_event_id = null, mark_xact_id = null;
$$;

comment on function audit.rebuild_search() is
  'Begins audit.search, and what is counted beside it, from the start: whoever runs audit.extend_search(), such as auditlog serve, fills it again. Until then pages look in the log itself, which takes longer the more it holds.';
grant execute on function audit.rebuild_search() to audit_admin;
