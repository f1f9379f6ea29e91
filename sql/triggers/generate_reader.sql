set local role audit_owner;

create or replace function audit.generate_reader() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $generate$
declare
  reader record;
  -- Numbers in json are as short as they were written: 1e131071 has all its digits only as jsonb.
  careful constant text :=
    $$if stored ~ '[0-9][eE][+-]?[0-9]{3}' then return audit.read_row_field_by_field(shape_id, stored); end if; $$;
begin
  lock table audit.shapes in share update exclusive mode;
  for reader in
    select * from (values
      ('read_row', 'row', 'A row in row notation as a JSON object, with the session''s settings: audit.row_fields() pins them. Generated.'),
      ('read_texts', 'plain', 'A row in row notation as a JSON object of texts. Generated.')) r(name, kind, does)
  loop
    execute format('create or replace function audit.%I(shape_id integer, stored text) returns jsonb language plpgsql stable as %L',
      reader.name, format($body$
declare
  found jsonb;
begin
  case shape_id
%s
    -- A shape that a writer met after a change of columns, before capture was generated anew.
    else %3$sexecute 'select to_jsonb($1::audit.%2$s_' || shape_id || ')' into found using stored; return found;
  end case;
end
$body$, (select coalesce(string_agg(format('    when %1$s then %3$sreturn to_jsonb(stored::audit.%2$s_%1$s);', s.shape_id, reader.kind,
           case when reader.kind = 'row' and audit.contains_json(to_regtype('audit.row_' || s.shape_id)) then careful end), e'\n' order by s.shape_id),
                         '    when 0 then return null;')
         from audit.shapes s where s.columns is not null), reader.kind, case when reader.kind = 'row' then careful end));
    execute format('comment on function audit.%I(integer, text) is %L', reader.name, reader.does);
    execute format('grant execute on function audit.%I(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer', reader.name);
  end loop;
end
$generate$;

comment on function audit.generate_reader() is
  'Writes audit.read_row() and audit.read_texts(), which know the row types of each shape.';

select audit.generate_reader();
