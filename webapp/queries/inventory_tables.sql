-- Every table of the log: what is in it, how large it is, and which roles of the database read it.
select
  c.relname as name,
  obj_description(c.oid, 'pg_class') as what,
  (select pg_size_pretty(sum(pg_total_relation_size(t.relid)))
   from (select relid from pg_partition_tree(c.oid) union select c.oid) t(relid)) as size,
  array(
    select distinct case when a.grantee = 0 then 'everybody' else pg_get_userbyid(a.grantee)::text end
    from aclexplode(c.relacl) a where a.privilege_type = 'SELECT' and a.grantee <> c.relowner order by 1) as readers
from pg_class c
where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
order by c.relname <> 'log', c.relname
