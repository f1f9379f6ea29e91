set local role audit_owner;

create or replace function audit.same_shape(known audit.shapes, wanted audit.shapes) returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  wanted.shape_id := known.shape_id;
  wanted.made_at := known.made_at;
  wanted.defaults := known.defaults;
  -- In a restored database the columns are numbered anew.
  if known.relation <> wanted.relation then
    wanted.relation := known.relation;
    wanted.numbers := known.numbers;
  end if;
  return wanted is not distinct from known;
end
$$;

comment on function audit.same_shape(audit.shapes, audit.shapes) is
  'Whether rows of one shape are written as those of another. wanted: as audit.shape_now() makes it.';
