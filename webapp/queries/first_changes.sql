  -- A list shows the first few changes, not whole rows.
  (select jsonb_object_agg(f, jsonb_build_array(
     case when length((r.before -> f)::text) <= 160 then r.before -> f else to_jsonb(left(r.before ->> f, 80) || '…') end,
     case when length((r.after -> f)::text) <= 160 then r.after -> f else to_jsonb(left(r.after ->> f, 80) || '…') end))
   from unnest(r.changed_fields[1:3]) f where f is not null) as changes
