set local role audit_owner;

-- The views need these to be there; their bodies are kept in sql/triggers/.
create function audit.action_name(code "char") returns text language sql as 'select null::text';
create function audit.context_of(setting text) returns jsonb language sql as 'select null::jsonb';
create function audit.row_fields(shape_id integer, stored text) returns jsonb language sql as 'select null::jsonb';
create function audit.row_image(shape_id integer, masked text[], stored text) returns jsonb language sql as 'select null::jsonb';
create function audit.changed_fields(shape_id integer, old_row text, new_row text) returns text[] language sql as 'select null::text[]';
create function audit.label_of(label text[], fields jsonb) returns text language sql as 'select null::text';
create function audit.name_of(entity text, record_id text, category text, at timestamptz) returns text language sql as 'select null::text';
create function audit.category_of(action text, entity text) returns text language sql as 'select null::text';

-- The log in full. What a query does not ask for is not computed.
create view audit.events with (security_barrier = false) as
select
  l.event_id,
  l.occurred_at,
  l.xact_id,
  s.entity,
  s.schema_name,
  s.table_name,
  l.record_id,
  coalesce(l.record_label, case when cardinality(s.label) > 0
    then audit.label_of(s.label, audit.row_fields(l.shape_id, coalesce(l.new_row, l.old_row))) end) as record_label,
  case when moved.event_id is null then audit.action_name(l.action) else 'update' end as action,
  case when coalesce(l.old_row, moved.old_row) is not null and l.new_row is not null
    then audit.changed_fields(l.shape_id, coalesce(l.old_row, moved.old_row), l.new_row) end as changed_fields,
  audit.row_image(l.shape_id, s.masked, coalesce(l.old_row, moved.old_row)) as before,
  audit.row_image(l.shape_id, s.masked, l.new_row) as after,
  l.actor_id,
  nullif(left(l.actor_name, 200), '') as actor_name,
  l.db_user,
  nullif(l.application, '') as application,
  l.client_addr,
  nullif(left(l.request_id, 200), '') as request_id,
  audit.context_of(l.context) as context,
  l.imported_at,
  -- From what is stored, so that a query for one category need not look for moved rows first.
  audit.category_of(audit.action_name(l.action), s.entity) as category
from audit.log l
join audit.shapes s on s.shape_id = l.shape_id
-- A row that moves to another partition is deleted there and inserted here: one update.
left join lateral (
  select d.event_id, d.old_row from audit.log d where d.event_id = l.moved_from and l.moved_from is not null
) moved on true
where l.action <> 'd' or not s.parted or not exists (
  select from audit.log m where m.record_id = l.record_id and m.moved_from = l.event_id);

comment on view audit.events is
  'The log in full: one row per change: who, what, when, before and after.';
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
comment on column audit.events.before is 'The whole row before. {"$masked": true} stands for a value that is never stored, {"$size": …, "$sha256": …} for one over 1 MiB.';
comment on column audit.events.after is 'The whole row after, likewise.';
comment on column audit.events.actor_id is 'Whom the application says it acted for. A claim; null when it says nothing.';
comment on column audit.events.actor_name is 'That person''s name at the time. A claim.';
comment on column audit.events.db_user is 'session_user: the login that PostgreSQL authenticated.';
comment on column audit.events.application is 'application_name of the connection. A claim.';
comment on column audit.events.client_addr is 'Address of the database client; null over a local socket.';
comment on column audit.events.request_id is 'The application''s own number for the request. A claim.';
comment on column audit.events.context is 'What the application adds, and the details of events that changed no row.';
comment on column audit.events.category is 'contacts groups users exports access settings other: what a person may be limited to.';
comment on column audit.events.imported_at is 'Null: captured as it happened. Otherwise: when it was loaded from another system.';
grant select on audit.events to audit_reader, audit_web, audit_sealer, audit_admin;

-- The report as people read it. The web page, the exports and a DBA with SQL all read this view,
-- so that they cannot disagree.
create view audit.report with (security_barrier = false) as
select
  e.event_id,
  e.occurred_at,
  e.category,
  e.action,
  e.entity,
  e.record_id,
  -- A row that belongs to a record (a membership, a permission) carries no name of its own, and
  -- finding one is not the writer's work: take the last name that the record was known by. It comes
  -- from the same category: whoever may read one category must not learn names out of another.
  coalesce(e.record_label, audit.name_of(e.entity, e.record_id, e.category, e.occurred_at) collate "default") as record_label,
  e.changed_fields,
  e.before,
  e.after,
  e.actor_id,
  e.actor_name,
  e.db_user,
  e.application,
  e.client_addr,
  e.request_id,
  e.context,
  e.schema_name,
  e.table_name,
  e.xact_id,
  e.imported_at
from audit.events e;

comment on view audit.report is
  'The audit log as people read it: audit.events with its category, and each record by its name. Grant audit_reader to auditors.';
grant select on audit.report to audit_reader, audit_web, audit_admin;

-- The one place where the web application learns who may sign in and what they may do.
-- Point it at your own tables with CREATE OR REPLACE VIEW; keep names and types of the columns.
create view audit.web_users as
select
  null::text    as user_id,
  null::text    as login,
  null::text    as name,
  null::text    as password_hash,
  null::boolean as active,
  null::text[]  as permissions,
  null::text[]  as categories
where false;

comment on view audit.web_users is
  'Who may sign in to the report: user_id, login (what they type), name, password_hash (argon2, or pbkdf2_sha256 as Django writes it), active, permissions (audit.view, audit.export, audit.manage, audit.erase), categories (of the report they are limited to; null: all). audit.check_web_users() says what is wrong with it.';
grant select on audit.web_users to audit_web;
