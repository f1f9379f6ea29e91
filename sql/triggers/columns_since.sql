set local role audit_owner;

create or replace function audit.columns_since(shape audit.shapes, today audit.shapes, at timestamptz, out names jsonb, out added jsonb)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Numbers of columns mean something only in the database where they were given, imported rows have none: names must do.
  if shape.relation is distinct from today.relation or shape.columns is null
     or (shape.columns, shape.numbers) = (today.columns, today.numbers) then
    return;
  end if;
  select coalesce(jsonb_object_agg(was.name, is_now.name), '{}') into names
  from unnest(shape.columns, shape.numbers) was(name, number)
  join unnest(today.columns, today.numbers) is_now(name, number) on is_now.number = was.number;
  -- The value that a new column had in the rows that were there stands in the first shape with that column.
  select jsonb_object_agg(is_now.name, first.value) filter (where first.value is not null) into added
  from unnest(today.columns, today.numbers) is_now(name, number)
  cross join lateral (
    select s.defaults[array_position(s.numbers, is_now.number)] as value, s.made_at
    from audit.shapes s
    where s.tracked_id = shape.tracked_id and s.relation = shape.relation and s.shape_id > shape.shape_id
      and is_now.number = any (s.numbers)
    order by s.shape_id limit 1) first
  where is_now.number <> all (shape.numbers) and first.made_at <= at;
end
$$;

comment on function audit.columns_since(audit.shapes, audit.shapes, timestamptz) is
  'How rows of an older shape read as the table is today: names, from each column''s old name to its new one, null where none has changed; added, values of the columns that had been added by then.';
