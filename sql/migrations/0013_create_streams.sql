set local role audit_owner;

-- How far each consumer of auditlog stream has come. Like the seals whose order it counts in, it goes with the
-- database: what is restored from a backup sends again what that backup did not know was confirmed.
create table audit.streams (
  name          text        primary key,
  position      bigint      not null,
  started_at    timestamptz not null default clock_timestamp(),
  confirmed_at  timestamptz,
  problem       text,
  problem_since timestamptz,
  constraint a_name_is_short_and_plain check (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
  constraint a_position_is_none_before_the_first check (position >= 0),
  constraint a_problem_has_a_beginning check ((problem is null) = (problem_since is null))
);

comment on table audit.streams is
  'How far each stream of events has come. Kept by auditlog stream; deleting a row forgets the stream.';
comment on column audit.streams.position is 'The next leaf to send: all events of leaves before it were taken, and confirmed.';
comment on column audit.streams.problem is 'Why the receiver does not take what comes next.';

grant select on audit.streams to audit_streamer, audit_web, audit_admin;
grant insert, delete, update on audit.streams to audit_streamer;
grant select on audit.leaves to audit_streamer;
