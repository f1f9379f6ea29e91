set local role audit_owner;

create or replace function audit.mark_sql(row_name text, previous text, name text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('case when concat(%1$s.%3$I) <> concat(%2$s.%3$I) or (%1$s.%3$I is null) <> (%2$s.%3$I is null) '
                'then ''**'' else ''*'' end', row_name, previous, name)
$$;

comment on function audit.mark_sql(text, text, text) is
  'SQL for what is stored of a masked column: ** where its value differs from that in the row "previous", else *.';
