set local role audit_owner;

create or replace function audit.row_sql(tracked audit.tracked, image text, label_image text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(', ',
    quote_literal(tracked.entity),
    quote_literal(tracked.schema_name),
    quote_literal(tracked.table_name),
    case
      when tracked.parent is not null then format('%s ->> %L', image, tracked.parent)
      when cardinality(tracked.key) = 0 then 'null'
      when cardinality(tracked.key) = 1 then format('%s ->> %L', image, tracked.key[1])
      else format('jsonb_build_array(%s)::text',
                  (select string_agg(format('%s -> %L', image, k.name), ', ' order by k.place)
                   from unnest(tracked.key) with ordinality k(name, place)))
    end,
    case
      when cardinality(tracked.label) = 0 then 'null'
      else format('left(nullif(btrim(concat_ws('' '', %s)), ''''), 200)',
                  (select string_agg(format('%s ->> %L', label_image, l.name), ', ' order by l.place)
                   from unnest(tracked.label) with ordinality l(name, place)))
    end)
$$;

comment on function audit.row_sql(audit.tracked, text, text) is
  'SQL for entity, schema_name, table_name, record_id and record_label of a row whose jsonb image is the expression "image" (its name: "label_image"). Reads the image, not the row: a column that is gone gives null, never an error.';
