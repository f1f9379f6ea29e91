set local role audit_owner;

create or replace function audit.relation_fingerprint(relation oid) returns text
language sql stable
-- Definitions are written with the names that this path needs.
set search_path = pg_catalog, pg_temp
as $$
  select md5(concat_ws(e'\n', c.relkind, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity,
    -- Settings of storage are for administrators to choose; those of a view say whose rights count.
    case when c.relkind = 'v' then concat(c.reloptions, pg_get_viewdef(c.oid)) end,
    (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attname)
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    (select string_agg(concat_ws(' ', p.polname, pg_get_expr(p.polqual, p.polrelid)), ', ' order by p.polname) from pg_policy p where p.polrelid = c.oid),
    (select string_agg(pg_get_ruledef(w.oid), ', ' order by w.rulename) from pg_rewrite w where w.ev_class = c.oid and w.rulename <> '_RETURN'),
    -- Guards are looked at one by one.
    (select string_agg(concat_ws(' ', g.tgname, g.tgfoid::regproc, g.tgenabled), ', ' order by g.tgname)
     from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgfoid <> 'audit.refuse_mutation()'::regprocedure)))
  from pg_class c where c.oid = relation
$$;

comment on function audit.relation_fingerprint(oid) is
  'What tells a table or view from one with another meaning: columns, types, defaults, definition, owner, row security, rules and triggers. Null when it is gone.';
