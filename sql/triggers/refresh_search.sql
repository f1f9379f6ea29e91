set local role audit_owner;

create or replace function audit.refresh_search(event_ids bigint[]) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  -- What is just being added is not seen yet.
  select pg_advisory_xact_lock(hashtextextended('audit.extend_search', 0));
  update audit.search s
  set record_id = n.record_id, record_label = n.record_label, actor_id = n.actor_id, actor_name = n.actor_name, application = n.application,
      client_addr = n.client_addr, request_id = n.request_id, changed_fields = n.changed_fields, words = n.words
  from audit.searchable n
  where n.event_id = any (event_ids) and s.occurred_at = n.occurred_at and s.event_id = n.event_id;
$$;

comment on function audit.refresh_search(bigint[]) is
  'Lets audit.search say of these events what the log says now, as after an erasure. For the functions of this schema only.';
