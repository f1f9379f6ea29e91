set local role audit_owner;

create or replace function audit.search_backlog(out low_event_id bigint, out numbers bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.low_event_id, coalesce(pg_sequence_last_value('audit.log_event_id_seq'), 0) - s.low_event_id from audit.searching s
$$;

comment on function audit.search_backlog() is
  'From which number on audit.search may lack events, and how many numbers were taken since: at most so many events are to be looked for in the log itself.';
grant execute on function audit.search_backlog() to audit_web, audit_reader, audit_admin, audit_sealer;
