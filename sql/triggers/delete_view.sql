set local role audit_owner;

create or replace function audit.delete_view(owner text, view_id text) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with deleted as (
    delete from audit.views v where v.view_id = $2 and v.owner = $1 and v.name is not null returning v.view_id
  )
  select exists (select from deleted)
$$;

comment on function audit.delete_view(text, text) is
  'Deletes a saved view; its link opens nothing any more. False when it is not the owner''s.';
grant execute on function audit.delete_view(text, text) to audit_web;
