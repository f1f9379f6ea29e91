set local role audit_owner;

create or replace function audit.redact_sql(tracked audit.tracked, image text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when cardinality(tracked.exclude || tracked.mask) = 0 then image
    -- A column that was not there at audit.track() may be a hidden one under another name.
    else format($case$case when %1$s - %2$L::text[] = '{}'
        then %1$s - %3$L::text[] || %4$L::jsonb
        else (select jsonb_object_agg(k.key, case when k.key = any (%5$L::text[]) then k.value else '{"$masked": true}' end)
              from jsonb_each(%1$s) k where k.key <> all (%3$L::text[])) end$case$,
      image, tracked.visible || tracked.exclude || tracked.mask, tracked.exclude,
      coalesce((select jsonb_object_agg(m, '{"$masked": true}'::jsonb) from unnest(tracked.mask) m), '{}'),
      tracked.visible)
  end
$$;

comment on function audit.redact_sql(audit.tracked, text) is
  'SQL for the jsonb expression "image" without the excluded columns and with {"$masked": true} for the masked ones. In a table with such columns, one that was not there at audit.track() is masked too.';
