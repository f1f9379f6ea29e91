-- audit.sealing_status() names whose transaction holds the sealer up, and since when: only a superuser may give that.
do $$
begin
  if (select rolsuper from pg_roles where rolname = current_user) and not pg_has_role('audit_owner', 'pg_read_all_stats', 'usage') then
    grant pg_read_all_stats to audit_owner;
  end if;
end
$$;

set local role audit_owner;

-- Which database this was when the log was sealed: a copy, a restored dump and a promoted replica are
-- each another one, in which transaction numbers may start again.
create table audit.incarnations (
  incarnation integer     primary key,
  log_id      uuid        not null,
  place       text        not null,
  first_leaf  bigint      not null,
  started_at  timestamptz not null default clock_timestamp()
);

comment on table audit.incarnations is
  'The lives of this log: the first database that sealed it, then each copy or restored one that went on. Written by auditlog seal.';
comment on column audit.incarnations.place is 'Cluster, timeline and database in which this life is lived.';
comment on column audit.incarnations.first_leaf is 'How many events were sealed when it began.';

-- One row an event, in settled order. It outlives the event: an erased one loses its salt and its
-- payload, one whose month was dropped its row in the log, and the tree still stands on leaf_hash.
create table audit.leaves (
  leaf_index     bigint primary key,
  event_id       bigint not null unique,
  salt           bytea,
  payload_commit bytea,
  leaf_hash      bytea not null,
  constraint an_erased_payload_leaves_its_commitment check ((salt is null) = (payload_commit is not null)),
  constraint a_salt_has_16_bytes check (octet_length(salt) = 16),
  constraint a_hash_has_32_bytes check (octet_length(leaf_hash) = 32 and octet_length(payload_commit) = 32)
);

comment on table audit.leaves is
  'Seals of single events: leaves of the Merkle tree, numbered from 0 in the order of sealing. Written by auditlog seal.';
comment on column audit.leaves.salt is 'Random: without it nobody can guess a payload from its commitment. Null: the payload was erased.';
comment on column audit.leaves.payload_commit is 'Only for erased events; of the others it is computed.';

-- Roots of 256, 65536, … leaves, so that proofs need not read the whole tree.
create table audit.nodes (
  level    smallint not null,
  position bigint   not null,
  hash     bytea    not null,
  primary key (level, position),
  constraint a_hash_has_32_bytes check (octet_length(hash) = 32)
);

comment on table audit.nodes is
  'Inner nodes of the Merkle tree at each eighth level: hash of the leaves position * 2^level to (position + 1) * 2^level - 1.';

create table audit.checkpoints (
  number    bigint      primary key,
  size      bigint      not null,
  horizon   xid8        not null,
  note      text        not null,
  sealed_at timestamptz not null default clock_timestamp()
);

comment on table audit.checkpoints is
  'Signed statements of what the log held: the first "size" leaves have this root. Written by auditlog seal, and copied to the anchors.';
comment on column audit.checkpoints.note is 'The signed note, as it is anchored. The other columns only repeat what it says.';
comment on column audit.checkpoints.horizon is 'Every event of transactions before this one is sealed.';

-- Where the sealer goes on: it must not read the whole log to find what is new.
create table audit.sealing (
  only_row      boolean primary key default true check (only_row),
  low_event_id  bigint  not null default 0,
  mark_event_id bigint,
  mark_xact_id  xid8,
  constraint a_mark_is_whole check ((mark_event_id is null) = (mark_xact_id is null))
);
insert into audit.sealing default values;

comment on table audit.sealing is
  'Where the sealer looks for unsealed events: after low_event_id. Kept by auditlog seal; a wrong value delays seals and never changes one.';
comment on column audit.sealing.mark_event_id is 'Where low_event_id moves next: see audit.settled_event().';

create table audit.anchors (
  target        text primary key,
  delivered     bigint not null default -1,
  delivered_at  timestamptz,
  problem       text,
  problem_since timestamptz,
  constraint a_problem_has_a_beginning check ((problem is null) = (problem_since is null))
);

comment on table audit.anchors is
  'How far checkpoints have been carried to each place outside of this database. Kept by auditlog seal.';

-- A file says how far the log was sealed when it left; with proofs, it holds what the report shows as it was sealed.
grant select on audit.leaves, audit.nodes, audit.checkpoints, audit.anchors to audit_sealer, audit_web, audit_reader;
grant select on audit.log, audit.shapes to audit_reader;
grant select on audit.incarnations, audit.sealing to audit_sealer;
grant insert on audit.leaves, audit.nodes, audit.checkpoints, audit.incarnations to audit_sealer;
grant update on audit.sealing to audit_sealer;
grant insert, update, delete on audit.anchors to audit_sealer;
grant select on sequence audit.log_event_id_seq to audit_sealer;
