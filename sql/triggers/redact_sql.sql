set local role audit_owner;

create or replace function audit.redact_sql(tracked audit.tracked, image text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select image
    || case when cardinality(tracked.exclude) > 0 then format(' - %L::text[]', tracked.exclude) else '' end
    || case when cardinality(tracked.mask) > 0 then
         format(' || %L::jsonb', (select jsonb_object_agg(m, '{"$masked": true}'::jsonb) from unnest(tracked.mask) m))
       else '' end
$$;

comment on function audit.redact_sql(audit.tracked, text) is
  'SQL for the jsonb expression "image" without the excluded columns and with {"$masked": true} for the masked ones.';
