set local role audit_owner;

create or replace function audit.open_first(owner text, view_id text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.save_view ' || owner, 0));
  update audit.views v set opens_first = false
  where v.owner = open_first.owner and v.opens_first and v.view_id is distinct from open_first.view_id;
  update audit.views v set opens_first = true
  where v.owner = open_first.owner and v.view_id = open_first.view_id and v.name is not null;
  return found or open_first.view_id is null;
end
$$;

comment on function audit.open_first(text, text) is
  'Lets the report open with a saved view of its owner; without a view, with every event again. False when it is not the owner''s: the report then opens with every event.';
grant execute on function audit.open_first(text, text) to audit_web;
