set local role audit_owner;

create table audit.tracked (
  schema_name  text   not null,
  table_name   text   not null,
  entity       text   not null check (entity ~ '^[a-z][a-z0-9_]{0,62}$'),
  key          text[] not null,
  label        text[] not null,
  exclude      text[] not null,
  mask         text[] not null,
  parent       text,
  -- Columns stored in the clear. In a table with hidden columns, whatever is not in this list is
  -- masked: it may be a hidden one under another name.
  visible      text[] not null,
  -- What capture was generated from, so that audit.status() can say what has drifted since.
  columns      text[] not null,
  row_function text   not null,
  row_checksum text   not null,
  truncate_function text not null,
  truncate_checksum text not null,
  since        timestamptz not null default clock_timestamp(),
  primary key (schema_name, table_name)
);

comment on table audit.tracked is 'Tables under capture, and how. Changed by audit.track() and audit.untrack() only.';
grant select on audit.tracked to audit_web, audit_reader, audit_admin, audit_sealer;
