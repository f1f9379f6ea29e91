set local role audit_owner;

create or replace function audit.large_row(shape_id integer, plain boolean, captured record, previous record) returns text
-- Stable, and so is whatever else stands in the SELECT of a capture function: a volatile function there
-- would cost each statement another plan node.
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  shape  audit.shapes;
  stored text;
begin
  -- Compressed, 8 KiB can hold no more than 1 MiB; uncompressed, 64 KiB cannot come near what a text can hold.
  if plain and pg_column_size(captured) <= 65536 then
    stored := captured::text;
    if octet_length(stored) <= 1048576 then
      return stored;
    end if;
  end if;
  select s.* into shape from audit.shapes s where s.shape_id = large_row.shape_id;
  if not audit.is_current(shape_id) then
    return null;  -- audit.capture_slowly() will look again
  end if;
  -- A plan holds a copy of the row for each place where it is named.
  execute format('select %s from (select $1 as r offset 0) c cross join lateral (select (c.r).*) captured',
                 audit.large_sql(shape, 'captured', case when plain then 'captured' else 'previous' end)) || case when not plain then
          ' cross join (select $2 as r offset 0) p cross join lateral (select (p.r).*) previous' else '' end
    into stored using captured, previous;
  return stored;
end
$$;

comment on function audit.large_row(integer, boolean, record, record) is
  'A row of many kilobytes as it is stored: with size and SHA-256 in place of each value over 1 MiB. plain: no column of it is hidden, and "previous" is not looked at.';
