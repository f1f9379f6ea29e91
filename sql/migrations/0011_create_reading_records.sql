set local role audit_owner;

-- Exports of the report that have begun and not ended. Without it nobody would notice one whose process
-- was killed; the log itself is too large to be searched for what is missing from it.
create table audit.running_exports (
  event_id   bigint primary key,
  person     text        not null,
  name       text,
  started_at timestamptz not null default clock_timestamp()
);

comment on table audit.running_exports is
  'Exports of the report that have begun and not ended: audit.begin_export() and audit.end_export() keep it.';
grant select on audit.running_exports to audit_web;

-- Who reloads a page a hundred times leaves one event.
create table audit.recent_views (
  fold    bytea primary key,
  since   timestamptz not null default clock_timestamp(),
  repeats integer     not null default 0
);

comment on table audit.recent_views is
  'Views of the report that identical ones fold into for a while: audit.record_view() keeps it.';
