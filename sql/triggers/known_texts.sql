set local role audit_owner;

create or replace function audit.known_texts(wanted audit.erasures) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct lower(f.value)), '{}')
  from audit.log l join audit.shapes s on s.shape_id = l.shape_id
  cross join lateral unnest(array[l.old_row, l.new_row]) stored
  cross join lateral jsonb_each_text(case when stored is not null then audit.row_fields(l.shape_id, stored) end) f
  where l.record_id = wanted.record_id and s.entity = wanted.entity and length(f.value) > 2
$$;

comment on function audit.known_texts(audit.erasures) is
  'Names, addresses and other values that the record of a request had, in small letters: somebody may have looked for it by these.';
