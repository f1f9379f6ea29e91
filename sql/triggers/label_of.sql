set local role audit_owner;

create or replace function audit.label_of(label text[], fields jsonb) returns text
language sql immutable parallel safe
as $$
  select left(nullif(btrim(string_agg(fields ->> l.name, ' ' order by l.place)), ''), 200)
  from unnest(label) with ordinality l(name, place)
$$;

comment on function audit.label_of(text[], jsonb) is 'What a row is called: its label columns, with spaces, at most 200 characters.';
grant execute on function audit.label_of(text[], jsonb) to audit_web, audit_reader, audit_admin, audit_sealer;
