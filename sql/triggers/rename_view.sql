set local role audit_owner;

create or replace function audit.rename_view(owner text, view_id text, name text) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with renamed as (
    update audit.views v set name = $3
    where v.view_id = $2 and v.owner = $1 and v.name is not null
      and not exists (select from audit.views o where o.owner = $1 and o.name = $3 and o.view_id <> $2)
    returning v.view_id
  )
  select exists (select from renamed)
$$;

comment on function audit.rename_view(text, text, text) is
  'Gives a saved view another name. False when it is not the owner''s, or the owner has another one of that name.';
grant execute on function audit.rename_view(text, text, text) to audit_web;
