set local role audit_owner;

create or replace function audit.note_relations(altered text[]) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  insert into audit.relations as r (name, fingerprint, server)
  select c.relname, audit.relation_fingerprint(c.oid), current_setting('server_version_num')::integer / 10000
  from pg_class c
  -- Not what comes and goes with months and tracked tables, nor the view of users, which is somebody else's to make.
  where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and c.relname !~ '^(watch_[0-9]+|web_users)$' and c.relname <> all (altered)
  on conflict (name) do update set fingerprint = excluded.fingerprint, server = excluded.server
  where (r.fingerprint, r.server) is distinct from (excluded.fingerprint, excluded.server)
$$;

comment on function audit.note_relations(text[]) is
  'Notes what tables and views of this schema are like, but for those that were altered before auditlog migrate, which calls this, had begun: they stay in audit.altered.';
