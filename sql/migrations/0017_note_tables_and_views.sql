set local role audit_owner;

-- What changes a default, a view or a policy here makes the log, or the report of it, say something else.
create table audit.relations (
  name        text    primary key,
  fingerprint text    not null,
  server      integer not null
);

comment on table audit.relations is
  'What each table and view of this schema is like since auditlog migrate made it. Written by audit.note_relations().';
comment on column audit.relations.server is 'Major version of PostgreSQL, each of which writes definitions in its own way.';

-- Its body is kept in sql/triggers/.
create function audit.relation_fingerprint(relation oid) returns text language sql as 'select null::text';

create view audit.altered as
  select r.name from audit.relations r
  where r.server = current_setting('server_version_num')::integer / 10000
    and r.fingerprint is distinct from audit.relation_fingerprint(to_regclass(format('audit.%I', r.name)));

comment on view audit.altered is 'Tables and views of this schema that are gone, or no longer like auditlog migrate made them.';
