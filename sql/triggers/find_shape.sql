set local role audit_owner;

create or replace function audit.find_shape(wanted audit.shapes) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known audit.shapes;
begin
  for known in
    select s.* from audit.shapes s
    where s.tracked_id is not distinct from wanted.tracked_id and s.entity = wanted.entity
    order by s.shape_id desc
  loop
    if audit.same_shape(known, wanted) then
      return known.shape_id;
    end if;
  end loop;
  -- Two transactions may add the same one: that does no harm, and neither waits for the other.
  insert into audit.shapes (tracked_id, entity, schema_name, table_name, columns, types, masked, parted, key, label, parent,
                            relation, numbers, made_of, defaults)
  values (wanted.tracked_id, wanted.entity, wanted.schema_name, wanted.table_name, wanted.columns, wanted.types,
          wanted.masked, wanted.parted, wanted.key, wanted.label, wanted.parent,
          wanted.relation, wanted.numbers, wanted.made_of,
          -- Of a masked column only the name is known.
          (select array_agg(case when c.name <> all (wanted.masked) then c.value end order by c.place)
           from unnest(wanted.columns, audit.default_texts(wanted.relation, wanted.numbers)) with ordinality c(name, value, place)))
  returning shape_id into wanted.shape_id;
  if wanted.columns is not null then
    execute format('create type audit.row_%s as (%s)', wanted.shape_id, (
      select string_agg(format('%I %s', c.name,
        case when c.name = any (wanted.masked) then 'text' else audit.stored_type(c.type::regtype) end), ', ' order by c.place)
      from unnest(wanted.columns, wanted.types) with ordinality c(name, type, place)));
    -- For rows with a value that those types cannot read.
    execute format('create type audit.plain_%s as (%s)', wanted.shape_id, (
      select string_agg(format('%I text', c.name), ', ' order by c.place)
      from unnest(wanted.columns) with ordinality c(name, place)));
  end if;
  return wanted.shape_id;
end
$$;

comment on function audit.find_shape(audit.shapes) is
  'The number of a shape, which is added if it is not there yet, with the type that reads its rows.';
