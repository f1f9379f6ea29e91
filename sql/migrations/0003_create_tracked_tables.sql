set local role audit_owner;

create table audit.tracked (
  tracked_id   integer  generated always as identity primary key,
  schema_name  text     not null,
  table_name   text     not null,
  entity       text     not null check (entity ~ '^[a-z][a-z0-9_]{0,62}$'),
  label        text[]   not null,
  exclude      text[]   not null,
  mask         text[]   not null,
  parent       text,
  -- Columns stored in the clear. In a table with hidden columns, whatever is not in this list, has the
  -- number of a hidden column, or is newer than audit.track() has seen, is masked.
  visible      text[]     not null,
  hidden       smallint[] not null,
  newest       smallint   not null,
  -- What capture was generated from, so that audit.status() can say what has drifted since.
  shape_id     integer  not null references audit.shapes,
  by_statement text[]   not null,
  row_function text     not null,
  checksum     text,
  -- The transaction that is generating capture at this moment.
  generating   xid8,
  problem      text,
  since        timestamptz not null default clock_timestamp()
);

comment on table audit.tracked is 'Tables under capture, and how. Changed by audit.track() and audit.untrack() only.';
comment on column audit.tracked.by_statement is 'Actions that are captured once per statement, which is cheap in bulk; the others are row by row.';
comment on column audit.tracked.problem is 'What was wrong with capture when somebody last changed the schema; audit.status() says what is wrong now.';
grant select on audit.tracked to audit_web, audit_reader, audit_admin, audit_sealer;

-- Never more than a few rows: each is gone again when its statement ends. So nothing is lost with it in a crash.
create unlogged table audit.moving (
  moving_id bigint generated always as identity primary key,
  xact_id   xid8   not null default pg_current_xact_id(),
  relation  oid    not null,
  outer_id  text
);

comment on table audit.moving is
  'Updates of partitioned tables while they run: only these move a row. What else deletes and inserts is no move.';
comment on column audit.moving.outer_id is 'The update in which this one runs, by way of a trigger.';
