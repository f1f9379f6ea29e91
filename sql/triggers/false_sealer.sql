set local role audit_owner;

-- PostgreSQL lets every login take any advisory lock.
create or replace function audit.false_sealer() returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format('session %s of "%s"', a.pid, a.usename)
  from pg_locks k
  join pg_stat_activity a using (pid)
  where k.locktype = 'advisory' and k.granted and k.objsubid = 1
    and k.database = (select d.oid from pg_database d where d.datname = current_database())
    and (k.classid::bigint << 32 | k.objid::bigint) = hashtextextended('audit.seal', 0)
    and not pg_has_role(a.usesysid, 'audit_sealer', 'member')
  limit 1
$$;

comment on function audit.false_sealer() is
  'A session that keeps sealers from working although it may not seal itself; null when there is none.';
grant execute on function audit.false_sealer() to audit_sealer;
