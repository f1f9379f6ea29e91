set local role audit_owner;

-- The table needs these two to be there; their bodies are kept in sql/triggers/.
create function audit.context_of(setting text) returns jsonb
  language sql immutable as 'select null::jsonb';
create function audit.event_is_whole(
  action text, schema_name text, table_name text, before jsonb, after jsonb, changed_fields text[]
) returns boolean
  language sql immutable as 'select null::boolean';

create table audit.events (
  event_id       bigint      generated always as identity,
  occurred_at    timestamptz not null default clock_timestamp(),
  xact_id        xid8        not null default pg_current_xact_id(),
  entity         text        not null,
  schema_name    text,
  table_name     text,
  record_id      text,
  record_label   text,
  action         text        not null,
  changed_fields text[],
  before         jsonb,
  after          jsonb,
  -- set_config leaves '' behind, not NULL, when a transaction ends: nullif.
  -- A claimed text is cut: an index entry has a size limit, and a write must never fail on its actor.
  actor_id       text        default nullif(left(current_setting('audit.actor_id', true), 200), ''),
  actor_name     text        default nullif(left(current_setting('audit.actor_name', true), 200), ''),
  db_user        text        not null default session_user,
  application    text        default nullif(current_setting('application_name', true), ''),
  client_addr    inet        default inet_client_addr(),
  request_id     text        default nullif(left(current_setting('audit.request_id', true), 200), ''),
  -- Most writers set no context, and a call for nothing would cost each of their rows.
  context        jsonb       default case when current_setting('audit.context', true) <> ''
                                       then audit.context_of(current_setting('audit.context', true)) end,
  imported_at    timestamptz,

  primary key (event_id, occurred_at),

  -- Which columns an action fills. A function, because PostgreSQL reads the text of every CHECK anew
  -- for each statement: the same rules as six CHECKs made a one-row write dearer by a half.
  constraint event_is_whole check (
    audit.event_is_whole(action, schema_name, table_name, before, after, changed_fields))
) partition by range (occurred_at);

-- Newest first, page by page.
create index events_newest on audit.events (occurred_at desc, event_id desc);
-- The life of one record. The key is hashed because a key of any length must fit into the index.
create index events_of_record on audit.events
  (hashtextextended(record_id, 0), occurred_at desc, event_id desc) where record_id is not null;
-- What one person did.
create index events_of_actor on audit.events
  (actor_id, occurred_at desc, event_id desc) where actor_id is not null;

-- The safety net under the monthly partitions: audit.status() reports a row that falls into it.
create table audit.events_default partition of audit.events default;

comment on table audit.events is
  'One row per change: who, what, when, before and after. Append-only; partitioned by month of occurred_at.';
comment on column audit.events.event_id is 'Unique, but not in commit order: a later number can commit first.';
comment on column audit.events.occurred_at is 'Clock time of the change; for imported events, the time that the import states.';
comment on column audit.events.xact_id is 'The writer''s transaction: groups what happened together. Starts again after dump and restore.';
comment on column audit.events.entity is 'contact, group, user, or the name given to audit.track().';
comment on column audit.events.schema_name is 'Schema of the table that changed.';
comment on column audit.events.table_name is 'Table that changed; for a partitioned table its root.';
comment on column audit.events.record_id is 'Primary key as text; several columns as a JSON array; the parent''s key for rows that belong to one. A changed key: the old one.';
comment on column audit.events.record_label is 'Name of the record at that moment.';
comment on column audit.events.action is 'insert update delete truncate baseline; export view sign_in sign_in_failed sign_out denied; erase retain configure.';
comment on column audit.events.changed_fields is 'Updates: the columns that differ, sorted.';
comment on column audit.events.before is 'The whole row before. {"$masked": true} stands for a value that is never stored.';
comment on column audit.events.after is 'The whole row after. {"$masked": true} stands for a value that is never stored.';
comment on column audit.events.actor_id is 'Whom the application says it acted for. A claim; null when it says nothing.';
comment on column audit.events.actor_name is 'That person''s name at the time. A claim.';
comment on column audit.events.db_user is 'session_user: the login that PostgreSQL authenticated.';
comment on column audit.events.application is 'application_name of the connection. A claim.';
comment on column audit.events.client_addr is 'Address of the database client; null over a local socket.';
comment on column audit.events.request_id is 'The application''s own number for the request. A claim.';
comment on column audit.events.context is 'What the application adds, and the details of events that changed no row.';
comment on column audit.events.imported_at is 'Null: captured as it happened. Otherwise: when it was loaded from another system.';

grant select on audit.events to audit_web, audit_sealer, audit_admin;
