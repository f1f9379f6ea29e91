set local role audit_owner;

create or replace function audit.changed_fields(shape_id integer, old_row text, new_row text) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  before jsonb := audit.text_fields(shape_id, old_row);
  after  jsonb := audit.text_fields(shape_id, new_row);
begin
  -- As text: to jsonb 1.0 and 1.00 are equal, to a table they are not.
  return array(
    select f.key from jsonb_each(before || after) f
    where (before -> f.key)::text is distinct from (after -> f.key)::text
    order by f.key collate "C");
end
$$;

comment on function audit.changed_fields(integer, text, text) is 'The columns in which two stored rows differ, sorted.';
grant execute on function audit.changed_fields(integer, text, text) to audit_web, audit_reader, audit_admin, audit_sealer;
