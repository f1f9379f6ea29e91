set local role audit_owner;

create or replace function audit.fill(template text, pieces text[]) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  for i in 1 .. cardinality(pieces) by 2 loop
    template := replace(template, pieces[i], coalesce(pieces[i + 1], ''));
  end loop;
  return template;
end
$$;

comment on function audit.fill(text, text[]) is 'A template with pieces put in: placeholder, text, placeholder, text…';
