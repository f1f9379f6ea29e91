set local role audit_owner;

create table audit.export_rights (
  grantee text not null,
  entity  text not null,
  primary key (grantee, entity)
);

comment on table audit.export_rights is
  'Which role may export which kind of record. Changed by audit.allow_export() and audit.deny_export() only.';
grant select on audit.export_rights to audit_admin;

create table audit.export_tickets (
  ticket     uuid primary key default gen_random_uuid(),
  entity     text        not null,
  filter     jsonb,
  db_user    text        not null default session_user,
  xact_id    xid8        not null default pg_current_xact_id(),
  expires_at timestamptz not null
);

comment on table audit.export_tickets is
  'Tickets from audit.request_export() that audit.export_rows() has yet to take. No role but the owner reads them.';
