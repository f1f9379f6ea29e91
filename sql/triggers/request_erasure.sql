set local role audit_owner;

create or replace function audit.request_erasure(
  entity    text,
  record_id text,
  reason    text,
  also      text[] default null,
  session_hash bytea default null
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person text := audit.erasing_person(session_hash);
  given  audit.erasures;
begin
  -- Who may sign in acts under the key of a user.
  also := coalesce(also, case when entity = 'user' then '{actor,filter}'::text[] else '{filter}' end);
  if not also <@ '{actor,filter}' then
    raise exception 'audit.request_erasure: also is %', also
      using errcode = 'invalid_parameter_value', hint = 'It may hold actor and filter.';
  end if;
  perform audit.require_erasure_reason(reason);
  select * into given from audit.erasures e
  where e.entity = request_erasure.entity and e.record_id = audit.short_key(request_erasure.record_id) and e.closed_at is null;
  if found then
    raise exception 'there is a request to erase % % already: %', entity, record_id, given.erasure_id
      using errcode = 'unique_violation', hint = format('Somebody other than %s approves it: auditlog erase --approve %s.', given.requested_by, given.erasure_id);
  end if;
  given.entity := entity;
  given.record_id := audit.short_key(record_id);
  given.also := also;
  -- What is in archives alone is not known here. The whole log is looked through only for what has no event of its own.
  if not exists (select from audit.log l join audit.shapes s on s.shape_id = l.shape_id
                 where l.record_id = given.record_id and s.entity = given.entity and l.action not in ('x', 'r'))
    and not exists (select from audit.archives) then
    if not exists (select from audit.erasure_events(given)) then
      raise exception 'the log holds nothing of % %', coalesce(entity, 'null'), coalesce(record_id, 'null')
        using errcode = 'no_data_found', hint = 'Both are as in the columns entity and record_id of audit.report.';
    end if;
  end if;
  insert into audit.erasures as e (entity, record_id, also, reason, requested_by)
  values (entity, given.record_id, also, trim(reason), person)
  returning e.erasure_id into given.erasure_id;
  perform audit.record_event(entity, 'erase', given.record_id, details => jsonb_build_object(
    'did', 'request', 'request', given.erasure_id, 'reason', trim(reason), 'also', also, 'requested_by', person));
  return given.erasure_id;
end
$$;

comment on function audit.request_erasure(text, text, text, text[], bytea) is
  'Asks that the log forget a record; another person approves. also: actor, filter, as in audit.erasures; null: what suits the kind of record. session_hash: of the session of the report in which somebody asks, see audit.erasing_person(). Returns the number of the request, and records it. Errors: 42501 may not erase, 22023 no reason or another "also", 23505 there is such a request, P0002 the log holds nothing of it.';
grant execute on function audit.request_erasure(text, text, text, text[], bytea) to audit_web, audit_admin;
