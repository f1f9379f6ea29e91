set local role audit_owner;

create table audit.shapes (
  shape_id    integer generated always as identity primary key,
  tracked_id  integer,
  entity      text    not null,
  schema_name text,
  table_name  text,
  columns     text[],
  types       text[],
  masked      text[],
  parted      boolean not null default false,
  key         text[],
  label       text[],
  parent      text,
  -- By these a column is known again under another name.
  relation    oid,
  numbers     smallint[],
  made_of     text,
  defaults    text[],
  made_at     timestamptz not null default clock_timestamp(),
  constraint a_table_has_a_schema check ((schema_name is null) = (table_name is null)),
  constraint each_column_has_a_type check (cardinality(columns) is not distinct from cardinality(types))
);
create index shapes_of_tracked on audit.shapes (tracked_id);

comment on table audit.shapes is
  'What an event is about, and how its rows are written: one row per tracked table and set of columns, one per other subject.';
comment on column audit.shapes.columns is 'Columns of a stored row, in order: the row type audit.row_<shape_id> reads it. Null: rows are JSON objects.';
comment on column audit.shapes.numbers is 'Numbers of the columns (attnum) in the table that is, or was, the object "relation" of this database.';
comment on column audit.shapes.made_of is 'Attributes of composite types and expressions of virtual columns then: when they change, rows are written otherwise.';
comment on column audit.shapes.defaults is 'The text that a column which was added later has in rows that were there already.';
comment on column audit.shapes.masked is 'Columns of which only the change is stored: * in a row, ** in the new row when the value changed.';

-- Kept small, because every writer pays for it: rows are stored in PostgreSQL's own row notation, what
-- does not differ from row to row is in audit.shapes, and what can be told from the rows is not stored
-- at all. audit.events shows it in full.
create table audit.log (
  event_id     bigint      generated always as identity,
  occurred_at  timestamptz not null default clock_timestamp(),
  xact_id      xid8        not null default pg_current_xact_id(),
  moved_from   bigint,
  imported_at  timestamptz,
  shape_id     integer     not null,
  action       "char"      not null,
  -- Only ever looked up by equality: bytes are quicker to sort than a language's order, and no upgrade of
  -- the system's locales can break an index that is years old.
  record_id    text        collate "C",
  old_row      text,
  new_row      text,
  db_user      text        not null default session_user,
  application  text        default current_setting('application_name'),
  client_addr  inet        default inet_client_addr(),
  -- set_config leaves '' behind, not NULL, when a transaction ends: nullif. A claimed text is cut: an index entry
  -- has a size limit, a write must never fail on its actor, and no application may write what is too large to seal.
  actor_id     text        collate "C" default nullif(left(current_setting('audit.actor_id', true), 200), ''),
  actor_name   text        default left(current_setting('audit.actor_name', true), 200),
  request_id   text        default left(current_setting('audit.request_id', true), 200),
  -- One more than audit.context_of() reads.
  context      text        default left(current_setting('audit.context', true), 65537),
  record_label text
) partition by range (occurred_at);

-- Newest first, page by page. Equal times are rare: sorting them costs less than a wider index.
create index log_newest on audit.log (occurred_at);
-- The life of one record.
create index log_of_record on audit.log (record_id);
-- What one person did.
create index log_of_actor on audit.log (actor_id, occurred_at) where actor_id is not null;

-- The safety net under the monthly partitions: audit.status() reports a row that falls into it.
create table audit.log_default partition of audit.log default;
create unique index on audit.log_default (event_id);

comment on table audit.log is
  'The log as it is stored: append-only, partitioned by month of occurred_at. Read it through audit.events.';
comment on column audit.log.action is 'First letters of actions: audit.action_name() spells them out. k: an update that changed the key.';
comment on column audit.log.moved_from is 'For a row that came from another partition: the delete that it completes to one update.';
comment on column audit.log.old_row is 'The row before, in row notation as audit.shapes says; a JSON object if it starts with a brace.';
comment on column audit.log.new_row is 'The row after, likewise.';

grant select on audit.log, audit.shapes to audit_web, audit_sealer, audit_admin;
