set local role audit_owner;

create or replace function audit.ensure_guards() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.guard(part.relid)
  from (select relid from pg_partition_tree('audit.log')
        union all
        select unnest('{audit.leaves,audit.nodes,audit.checkpoints,audit.incarnations,audit.archives}'::regclass[])) part
  where (select count(*) from pg_trigger g
         where g.tgrelid = part.relid and g.tgname in ('refuse_mutation', 'refuse_truncate') and g.tgenabled = 'A'
           and g.tgfoid = 'audit.refuse_mutation()'::regprocedure) < 2;
end
$$;

comment on function audit.ensure_guards() is
  'Puts the triggers that keep the log and its seals append-only back where somebody has dropped them or switched them off.';
