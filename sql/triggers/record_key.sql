set local role audit_owner;

create or replace function audit.record_key(key text[], parent text, fields jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select audit.short_key(case
    when parent is not null then fields ->> parent
    when cardinality(key) = 1 then fields ->> key[1]
    else (select jsonb_agg(fields -> k order by place) from unnest(key) with ordinality u(k, place))::text
  end)
$$;

comment on function audit.record_key(text[], text, jsonb) is
  'The record_id of a stored row: its parent''s key where it belongs to another record, else its own.';
