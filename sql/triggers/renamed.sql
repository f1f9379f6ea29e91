set local role audit_owner;

create or replace function audit.renamed(fields jsonb, names jsonb) returns jsonb
language sql immutable
as $$
  select case when names is null then fields else (
    select coalesce(jsonb_object_agg(names ->> f.key, f.value), '{}') from jsonb_each(fields) f where names ? f.key) end
$$;

comment on function audit.renamed(jsonb, jsonb) is
  'A row under other column names; without the columns that have none. names: null for no change.';
