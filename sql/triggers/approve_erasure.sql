set local role audit_owner;

create or replace function audit.approve_erasure(erasure_id bigint, session_hash bytea default null) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  person text := audit.erasing_person(session_hash);
  wanted audit.erasures := audit.open_erasure(erasure_id);
  hold   record;
  events bigint[];
  whole  boolean[];
  actor  boolean[];
  filter boolean[];
  masks  boolean[];
  mark   jsonb;
  done   jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.approve_erasure', 0));  -- a month that is leaving has left, or stays
  if person = wanted.requested_by then
    raise exception 'request % is of % itself: somebody else must approve it', wanted.erasure_id, person
      using errcode = 'insufficient_privilege', hint = 'Erasing takes two people. auditlog erase --list shows what waits for whom.';
  end if;
  -- Whoever has the login of the web application can act for any account: one of the two people must be beyond its reach.
  if person like 'account %' and wanted.requested_by like 'account %' then
    raise exception 'request % is of %: who approves it needs a login of the database', wanted.erasure_id, wanted.requested_by
      using errcode = 'insufficient_privilege',
            detail = 'Of the two people who erase, one at most acts through the web application.',
            hint = format('Somebody with the role audit_admin runs: auditlog erase --approve %s', wanted.erasure_id);
  end if;
  select h.hold_id, h.reason into hold
  from audit.holds h
  where (h.record_id is null or (h.entity, h.record_id) = (wanted.entity, wanted.record_id)) and (h.record_id is not null and h.since is null or exists (
    select from audit.erasure_events(wanted) c join audit.log l on l.event_id = c.event_id
    where h.since is null or l.occurred_at >= h.since and l.occurred_at < h.until))
  order by h.hold_id limit 1;
  if found then
    raise exception 'hold % keeps what request % would erase: %', hold.hold_id, wanted.erasure_id, hold.reason
      using errcode = 'object_not_in_prerequisite_state', hint = 'Release it first, with auditlog hold release, or withdraw the request.';
  end if;
  -- The sealer must not read an event before this and keep its leaf after.
  lock table audit.leaves in share row exclusive mode;
  done := audit.preview_erasure(wanted.erasure_id);
  if (done ->> 'unsealed')::bigint > 0 then
    raise exception '% events of request % are not sealed yet', done ->> 'unsealed', wanted.erasure_id
      using errcode = 'object_not_in_prerequisite_state',
            detail = 'Nothing could prove afterwards that they were there.',
            hint = 'Run auditlog seal, or wait for it, and approve again.';
  end if;
  update audit.erasures e
  set approved_by = person, closed_at = clock_timestamp(), erased = done, erasing = pg_current_xact_id()
  where e.erasure_id = wanted.erasure_id;
  mark := jsonb_build_object('request', wanted.erasure_id, 'at', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));

  select array_agg(c.event_id), array_agg(c.whole), array_agg(c.actor), array_agg(c.filter), array_agg(c.masks)
  into events, whole, actor, filter, masks
  from (
    select n.event_id, bool_or(n.kind in ('own', 'parent')) as whole, bool_or(n.kind = 'actor') as actor,
      bool_or(n.kind = 'filter') as filter, bool_or(n.kind = 'columns') as masks
    from audit.erasure_events(wanted) n group by 1 order by 1) c;

  delete from audit.views v where v.view_id in (select audit.erasure_views(wanted));
  update audit.leaves f set payload_commit = audit.payload_commitment(l, f.salt), salt = null
  from audit.log l
  where f.event_id = any (events) and f.salt is not null and l.event_id = f.event_id;
  update audit.log l set
    record_id    = case when not e.whole then l.record_id end,
    record_label = case when not e.whole and not e.masks then l.record_label end,
    old_row      = case when e.masks then audit.without_columns(l.shape_id, l.old_row, wanted.columns) when not e.whole then l.old_row end,
    new_row      = case when e.masks then audit.without_columns(l.shape_id, l.new_row, wanted.columns) when not e.whole then l.new_row end,
    application  = case when not e.whole then l.application end,
    client_addr  = case when not e.whole and not e.actor then l.client_addr end,
    actor_id     = case when not e.whole and not e.actor then l.actor_id end,
    actor_name   = case when not e.whole and not e.actor then l.actor_name end,
    request_id   = case when not e.whole and not e.actor then l.request_id end,
    context      = audit.erased_context(audit.context_of(l.context), audit.action_name(l.action), e.whole, e.actor, e.filter, mark)::text
  from unnest(events, whole, actor, filter, masks) e(event_id, whole, actor, filter, masks)
  where l.event_id = e.event_id;

  perform audit.refresh_search(events);
  -- A context has a size limit: many events are listed in several.
  perform audit.record_event(wanted.entity, 'erase', wanted.record_id, details => jsonb_build_object(
    'did', 'approve', 'request', wanted.erasure_id, 'reason', wanted.reason,
    'requested_by', wanted.requested_by, 'approved_by', person,
    'schema_name', wanted.schema_name, 'table_name', wanted.table_name, 'columns', wanted.columns,
    'events', coalesce(to_jsonb(events[first : first + 1999]), '[]')))
  from generate_series(1, greatest(coalesce(cardinality(events), 0), 1), 2000) first;
  update audit.erasures e set erasing = null where e.erasure_id = wanted.erasure_id;
  return done;
end
$$;

comment on function audit.approve_erasure(bigint, bytea) is
  'Erases what somebody else has asked for, in this transaction, and records it; returns what audit.preview_erasure() told. Commitments stay, so that seals still prove what there was. Errors: 42501 may not erase, the request is one''s own, or both people would act through the web application; P0002 no such request; 55000 closed already, held, or some events are not sealed yet.';
grant execute on function audit.approve_erasure(bigint, bytea) to audit_web, audit_admin;
