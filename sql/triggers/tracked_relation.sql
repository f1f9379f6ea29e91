set local role audit_owner;

-- Names change and object ids differ after dump and restore; what a view depends on follows both.
create or replace function audit.tracked_relation(tracked_id integer) returns regclass
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select d.refobjid::regclass
  from pg_class watch
  join pg_rewrite r on r.ev_class = watch.oid
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_class'::regclass and d.refobjid <> watch.oid
  where watch.relnamespace = 'audit'::regnamespace and watch.relname = 'watch_' || tracked_id
$$;

comment on function audit.tracked_relation(integer) is
  'The table behind a row of audit.tracked, whatever it is called now; null when it is gone.';
grant execute on function audit.tracked_relation(integer) to audit_web, audit_reader, audit_admin;
