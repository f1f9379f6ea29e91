{in_brief.sql},
  null::jsonb as changes, r.before, r.after, r.context,
  -- The order of the table, which JSON does not keep: of its columns then, or where an import had others, today.
  (select s.columns
   from audit.shapes s, lateral (select array(select jsonb_object_keys(coalesce(r.after, r.before)))) k(names)
   where s.schema_name = r.schema_name and s.table_name = r.table_name and s.columns is not null
   order by s.columns <@ k.names and s.columns @> k.names desc, s.shape_id desc
   limit 1) as columns
