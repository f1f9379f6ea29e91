set local role audit_owner;

-- What keeps events from leaving the log, whatever the limit says.
create table audit.holds (
  hold_id    integer     generated always as identity primary key,
  entity     text,
  record_id  text        collate "C",
  since      timestamptz,
  until      timestamptz,
  reason     text        not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text        not null default session_user,
  constraint a_record_has_an_entity check (record_id is null or entity is not null),
  constraint a_hold_is_of_a_record_or_of_a_period check (record_id is not null or (since is not null and until is not null)),
  constraint a_period_has_a_beginning_and_an_end check ((since is null) = (until is null) and since < until),
  constraint a_hold_has_a_reason check (reason ~ '\S')
);

comment on table audit.holds is
  'Legal holds: events of a record, of a period, or of both, that audit.retire_month() does not let go. Kept by auditlog hold.';

-- Months that left the log. The seals of their events stay in audit.leaves.
create table audit.archives (
  archive_id integer     generated always as identity primary key,
  month      date        not null,
  file       text        not null,
  sha256     text        not null,
  events     bigint      not null,
  leaves     int8multirange not null,
  tables     text[]      not null,
  event_id   bigint      not null,
  retired_at timestamptz not null default clock_timestamp(),
  constraint a_month_begins_on_its_first_day check (month = date_trunc('month', month::timestamp)::date)
);
create index archives_of_leaves on audit.archives using gist (leaves);

comment on table audit.archives is
  'Months whose events were written to a file and dropped from the log. Written by audit.retire_month().';
comment on column audit.archives.leaves is 'Numbers of their leaves.';
comment on column audit.archives.tables is 'Tables that the month had events of: audit.as_of() needs a baseline that is younger.';
comment on column audit.archives.event_id is 'The retain event, which says the same and is sealed.';

grant select on audit.archives to audit_admin, audit_sealer, audit_web, audit_reader, audit_streamer;
grant select on audit.holds to audit_admin, audit_web;
grant select on audit.leaves, audit.nodes, audit.checkpoints, audit.streams to audit_admin;
