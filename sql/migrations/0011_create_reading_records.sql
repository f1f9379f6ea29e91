set local role audit_owner;

-- Exports of the report by their events. Without it nobody would notice one whose process was killed, and
-- nobody find theirs again: the log itself is too large to be searched for them.
create table audit.exports (
  event_id    bigint primary key,
  person      text        not null,
  started_at  timestamptz not null default clock_timestamp(),
  ended_event bigint,
  so_far      jsonb
);
create index exports_running on audit.exports (event_id) where ended_event is null;
create index exports_person on audit.exports (person, event_id);

comment on table audit.exports is
  'Exports of the report, by the events that say what they were: audit.begin_export() and audit.end_export() keep it.';
comment on column audit.exports.person is 'Who exports: the actor, or "login " and the name of a database login.';
comment on column audit.exports.so_far is
  'What had left when that was last noted: rows, bytes and their SHA-256. It is on record with the end, should the server be killed.';
comment on column audit.exports.ended_event is 'The event of the end; null while it runs.';
grant select on audit.exports to audit_web, audit_reader;

-- Who reloads a page a hundred times leaves one event.
create table audit.recent_views (
  fold    bytea primary key,
  since   timestamptz not null default clock_timestamp(),
  repeats integer     not null default 0
);

comment on table audit.recent_views is
  'Views of the report that identical ones fold into for a while: audit.record_view() keeps it.';
