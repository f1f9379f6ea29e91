set local role audit_owner;

create or replace function audit.generate_reader() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $generate$
declare
  branches text;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.generate_reader', 0));
  select string_agg(format('    when %1$s then return to_jsonb(stored::audit.row_%1$s);', s.shape_id), e'\n' order by s.shape_id)
  into branches from audit.shapes s where s.columns is not null;
  execute format($create$
  create or replace function audit.read_row(shape_id integer, stored text) returns jsonb
language plpgsql stable
as %L$create$, format($body$
declare
  found jsonb;
begin
  case shape_id
%s
    -- A shape that a writer met after a change of columns, before capture was generated anew.
    else execute 'select to_jsonb($1::audit.row_' || shape_id || ')' into found using stored; return found;
  end case;
end
$body$, coalesce(branches, '    when 0 then return null;')));
  comment on function audit.read_row(integer, text) is
    'A row in row notation as a JSON object, with the session''s settings: audit.row_fields() pins them. Generated.';
  grant execute on function audit.read_row(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
end
$generate$;

comment on function audit.generate_reader() is
  'Writes audit.read_row(), which knows the row type of each shape.';

select audit.generate_reader();
