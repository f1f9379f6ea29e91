set local role audit_owner;

-- Runs as its caller, like audit.as_of().
create or replace function audit.refuse_unfit_value("table" regclass, at timestamptz) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  name text;
  told record;
  unfit boolean;
begin
  for name in select a.attname from pg_attribute a where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped order by a.attnum loop
    begin
      execute format('select count(%s) from audit.rows_as_of($1, $2) told where not told.as_json', audit.row_sql("table", 'told.fields', name))
      using "table", at;
      unfit := false;
    exception when data_exception or integrity_constraint_violation then
      unfit := true;
    end;
    continue when not unfit;
    begin
      for told in select t.fields from audit.rows_as_of("table", at) t where not t.as_json loop
        execute 'select ' || audit.row_sql("table", '$1', name) using told.fields;
      end loop;
    exception when data_exception or integrity_constraint_violation then
      raise exception 'audit.as_of: what column "%" of % held then does not fit it today', name, "table"
        using errcode = 'data_exception',
              detail = format('%s, in the row %s', sqlerrm, left(told.fields::text, 500)),
              hint = format('Read the rows as texts: select fields from audit.rows_as_of(%L, %L).', "table"::text, at);
    end;
  end loop;
end
$$;

comment on function audit.refuse_unfit_value(regclass, timestamptz) is
  'Says which value of a table as it stood is none that its column can hold today. Error: 22000.';
grant execute on function audit.refuse_unfit_value(regclass, timestamptz) to audit_reader, audit_admin;
