set local role audit_owner;

create or replace function audit.note_reached(
  erasure_id bigint, archive_id integer, sha256 text, events bigint[], locked_until timestamptz default null
) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted audit.erasures := audit.erasure(erasure_id);
  reached audit.archives;
begin
  if wanted.approved_by is null then
    raise exception 'request % is not approved', wanted.erasure_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Nothing goes before somebody else approves it: auditlog erase --approve.';
  end if;
  select a.* into reached from audit.archives a where a.archive_id = note_reached.archive_id;
  if not found then
    raise exception 'there is no archive %', coalesce(archive_id::text, 'null')
      using errcode = 'no_data_found', hint = 'audit.archives has them all.';
  end if;
  insert into audit.reached as r (archive_id, erasure_id, events, sha256, locked_until)
  values (reached.archive_id, wanted.erasure_id, cardinality(note_reached.events), note_reached.sha256, note_reached.locked_until)
  on conflict on constraint reached_pkey do update set
    events = excluded.events, sha256 = excluded.sha256, locked_until = excluded.locked_until, reached_at = excluded.reached_at;
  perform audit.record_event(wanted.entity, 'erase', wanted.record_id, details => jsonb_build_object(
    'did', 'archive', 'request', wanted.erasure_id, 'file', reached.file, 'month', to_char(reached.month, 'YYYY-MM'),
    'sha256', note_reached.sha256, 'locked_until', note_reached.locked_until, 'events', coalesce(to_jsonb(note_reached.events[first : first + 1999]), '[]')))
  from generate_series(1, greatest(cardinality(note_reached.events), 1), 2000) first;
end
$$;

comment on function audit.note_reached(bigint, integer, text, bigint[], timestamptz) is
  'Notes that an approved request has been carried out in one archive: which events, the SHA-256 of the file as it is now, and until when an object store keeps what it was before. Again, once that has gone. For auditlog erase, which writes the file. Errors: P0002 no such request or archive, 55000 the request is not approved.';
grant execute on function audit.note_reached(bigint, integer, text, bigint[], timestamptz) to audit_admin;
