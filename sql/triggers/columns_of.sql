set local role audit_owner;

create or replace function audit.columns_of("table" regclass)
returns table (number smallint, name text, type regtype)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  address text[];
begin
  if current_setting('transaction_isolation') like 'read %' then
    return query
      select a.attnum, a.attname::text, a.atttypid::regtype
      from pg_attribute a
      where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped
      order by a.attnum;
    return;
  end if;
  -- The snapshot of a repeatable read transaction shows the catalog as it was when the transaction
  -- began; the rows it writes have the columns of today. These two functions look at today.
  number := 0;
  loop
    number := number + 1;
    address := (select i.object_names from pg_identify_object_as_address('pg_class'::regclass, "table", number) i);
    exit when cardinality(address) is distinct from 3;
    continue when address[3] like '........pg.dropped.%';
    name := address[3];
    execute format('select pg_typeof((null::%s).%I)', "table", name) into type;
    return next;
  end loop;
end
$$;

comment on function audit.columns_of(regclass) is
  'Columns of a table, in order, as its rows have them now: number, name, type.';
grant execute on function audit.columns_of(regclass) to audit_admin;
