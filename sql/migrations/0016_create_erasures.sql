set local role audit_owner;

-- Requests to forget: one person asks, another one approves. A row stays, as the erase events in the log do.
create table audit.erasures (
  erasure_id   bigint      generated always as identity primary key,
  entity       text        not null,
  record_id    text        collate "C",
  schema_name  text,
  table_name   text,
  columns      text[],
  also         text[]      not null default '{}',
  reason       text        not null,
  requested_by text        not null,
  requested_at timestamptz not null default clock_timestamp(),
  approved_by  text,
  withdrawn_by text,
  closed_at    timestamptz,
  erased       jsonb,
  -- The transaction that is erasing at this moment: the only one that may change events.
  erasing      xid8,
  constraint a_record_or_columns_of_a_table check ((record_id is null) = (columns is not null) and (columns is null) = (table_name is null)),
  constraint two_people_are_needed check (approved_by <> requested_by),
  constraint one_of_them_is_a_login_of_the_database check ('login ' in (left(requested_by, 6), left(approved_by, 6))),
  constraint approved_or_withdrawn check (approved_by is null or withdrawn_by is null),
  constraint whoever_closes_it_is_named check ((closed_at is null) = (coalesce(approved_by, withdrawn_by) is null)),
  constraint a_reason_can_be_read check (reason = trim(reason) and length(reason) between 3 and 500)
);

comment on table audit.erasures is
  'Requests to erase: what, why, who asked, who approved, and what went. Written by audit.request_erasure(), audit.approve_erasure() and audit.withdraw_erasure().';
comment on column audit.erasures.columns is 'Null: a record is forgotten. Otherwise these columns of the table, in events from when they were in the clear.';
comment on column audit.erasures.also is 'actor: what the record''s person did, without them. filter: searches and exports by the record, without what they name.';
comment on column audit.erasures.requested_by is 'login, and the name of session_user; or account, and a user_id of audit.web_users.';
comment on column audit.erasures.erased is 'How many events went, by kind.';
grant select on audit.erasures to audit_web, audit_admin;

-- Archives are files: whoever runs auditlog erase writes them anew and says so.
create table audit.reached (
  archive_id   integer     not null references audit.archives,
  erasure_id   bigint      not null references audit.erasures,
  events       bigint      not null,
  sha256       text        not null,
  locked_until timestamptz,
  reached_at   timestamptz not null default clock_timestamp(),
  primary key (archive_id, erasure_id)
);

comment on table audit.reached is
  'Archives that an approved request to erase has reached, how many events it took from each, and the SHA-256 of the file since then. Written by audit.note_reached().';
comment on column audit.reached.locked_until is
  'Until then an object store refuses to delete what the file was before; it is deleted by the next auditlog erase --archives. Null: nothing is left of it.';
grant select on audit.reached to audit_web, audit_admin;

create view audit.unreached as
select e.erasure_id, a.archive_id, a.month, r.locked_until
from audit.erasures e
join audit.archives a on a.retired_at < e.closed_at
left join audit.reached r on r.archive_id = a.archive_id and r.erasure_id = e.erasure_id
where e.approved_by is not null and (r.erasure_id is null or r.locked_until is not null);

comment on view audit.unreached is
  'Approved requests to erase, with the archives that still hold what they are about; with locked_until, an earlier version of the file alone.';
grant select on audit.unreached to audit_web, audit_admin, audit_reader;
