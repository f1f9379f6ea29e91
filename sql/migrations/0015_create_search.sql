set local role audit_owner;

-- What pages look for, in a form in which it is found at once. Nobody who writes waits for it: it follows the log,
-- and what it does not hold yet is looked for in the log itself.
create table audit.search (
  event_id       bigint      not null,
  occurred_at    timestamptz not null,
  xact_id        xid8        not null,
  imported_at    timestamptz,
  category       text        collate "C" not null,
  action         text        collate "C" not null,
  entity         text        collate "C" not null,
  record_id      text        collate "C",
  record_label   text,
  actor_id       text        collate "C",
  actor_name     text,
  db_user        text        collate "C" not null,
  application    text        collate "C",
  client_addr    inet,
  request_id     text        collate "C",
  changed_fields text[],
  words          tsvector,
  claimed_addr   text        collate "C",
  shape_id       integer     not null,
  -- In the order of the report.
  primary key (occurred_at, event_id)
);
-- Each in the order of the report: only so are the events of several merged without sorting them. What follows is what
-- is often asked for at the same time, and then told from the index alone.
create index search_category on audit.search (category, occurred_at, event_id);
create index search_action on audit.search (action, occurred_at, event_id);
create index search_entity on audit.search (entity, occurred_at, event_id);
create index search_record on audit.search (record_id, occurred_at, event_id, entity, category, action, shape_id);
create index search_name on audit.search (record_id, entity, category, occurred_at, event_id) where record_label is not null;
create index search_actor on audit.search (actor_id, occurred_at, event_id, category, action);
create index search_login on audit.search (db_user, occurred_at, event_id);
create index search_application on audit.search (application, occurred_at, event_id);
create index search_address on audit.search (client_addr, occurred_at, event_id);
create index search_claimed_address on audit.search (claimed_addr, occurred_at, event_id) where claimed_addr is not null;
-- When something last happened to a table.
create index search_shape on audit.search (shape_id, occurred_at);
create index search_request on audit.search (request_id);
create index search_transaction on audit.search (xact_id, occurred_at, event_id);
create index search_imported on audit.search (occurred_at, event_id) where imported_at is not null;
-- To the planner, what begins with a null is in no order.
create index search_nobody on audit.search (occurred_at, event_id) where actor_id is null;
create index search_fields on audit.search using gin (changed_fields);
create index search_words on audit.search using gin (words);
-- Rows are only added: the visibility map, by which indexes answer alone, is kept by vacuuming after inserts.
alter table audit.search set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

comment on table audit.search is
  'What pages of the report filter by, one row an event. A copy of what audit.log says, kept by audit.extend_search().';
comment on column audit.search.claimed_addr is 'The address that the application names in its context, as ip.';
comment on column audit.search.words is 'The words of the change: see audit.words_of().';

create table audit.activity (
  hour     timestamptz not null,
  category text        not null,
  action   text        not null,
  entity   text        not null,
  events   bigint      not null,
  primary key (hour, category, action, entity)
);
comment on table audit.activity is
  'How many events of each category, action and kind of record there are in audit.search, by the hour. Kept by audit.extend_search().';

create table audit.actor_days (
  day        date   not null,
  actor_id   text   collate "C",
  db_user    text   collate "C",
  category   text   not null,
  action     text   not null,
  actor_name text,
  events     bigint not null,
  constraint a_person_or_a_login check ((actor_id is null) <> (db_user is null)),
  -- First by person: who there is, is found without reading all of their days.
  constraint once_a_day unique nulls not distinct (actor_id, day, db_user, category, action)
);
create index actor_days_newest on audit.actor_days (day);
comment on table audit.actor_days is
  'How many events of each person there are in audit.search, by the day (UTC); without a person, of each login. Nobody is the author of an import. Kept by audit.extend_search().';

-- Event numbers are not commit order, so the newest number that is in audit.search says nothing about older ones.
create table audit.searching (
  only_row      boolean primary key default true check (only_row),
  low_event_id  bigint  not null default 0,
  mark_event_id bigint,
  mark_xact_id  xid8,
  constraint a_mark_is_whole check ((mark_event_id is null) = (mark_xact_id is null))
);
insert into audit.searching default values;

comment on table audit.searching is 'How far audit.search has followed the log. Kept by audit.extend_search().';
comment on column audit.searching.low_event_id is 'Every event up to this number is in audit.search for good; of later ones some are.';
comment on column audit.searching.mark_event_id is 'Where low_event_id moves next: see audit.settled_event().';

grant select on audit.search, audit.activity, audit.actor_days, audit.searching to audit_web;
-- auditlog verify compares it with the log.
grant select on audit.search, audit.activity, audit.actor_days, audit.searching to audit_sealer;
-- Who may read the report may export it, by the same queries.
grant select on audit.search, audit.searching to audit_reader;

create function audit.words_of(texts text) returns tsvector language sql immutable as 'select null::tsvector';
create function audit.plain_text(stored text) returns text language sql immutable as 'select null::text';

create view audit.searchable as
select
  e.event_id, e.occurred_at, e.xact_id, e.imported_at, e.category, e.action, e.entity, e.record_id, e.record_label,
  e.actor_id, e.actor_name, e.db_user, e.application, e.client_addr, e.request_id, e.changed_fields, stored.words,
  left(e.context ->> 'ip', 100) as claimed_addr, stored.shape_id
from audit.events e
cross join lateral (
  -- Of any length: an import may bring what a write could not. Words take up 1 MB at most, of four bytes a character.
  select l.shape_id, audit.words_of(left(concat_ws(' ', l.record_label, l.actor_name, audit.plain_text(l.old_row), audit.plain_text(l.new_row),
    audit.plain_text(l.context),
    case when l.moved_from is not null
      then (select audit.plain_text(d.old_row) from audit.log d where d.event_id = l.moved_from) end), 250000)) as words
  from audit.log l where l.event_id = e.event_id and l.occurred_at = e.occurred_at
) stored;
comment on view audit.searchable is 'Events as audit.search holds them, from the log itself.';
grant select on audit.searchable to audit_web, audit_reader;
