set local role audit_owner;

create or replace function audit.save_view(owner text, name text, query text, zone text, filter jsonb default null) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  most  constant integer := 50;
  saved text;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.save_view ' || owner, 0));
  if (select count(*) from audit.views v where v.owner = save_view.owner and v.name is not null) >= most then
    raise exception 'audit.save_view: % views are saved already', most
      using errcode = 'configuration_limit_exceeded',
            hint = 'Delete one that is no longer needed.';
  end if;
  insert into audit.views as v (owner, name, query, zone, filter)
  values (save_view.owner, save_view.name, save_view.query, save_view.zone, save_view.filter)
  on conflict do nothing
  returning v.view_id into saved;
  return saved;
end
$$;

comment on function audit.save_view(text, text, text, text, jsonb) is
  'Saves a view of the report under a name. Returns its id; null when the owner has one of that name. Error: 53400 for more than 50 of one person.';
grant execute on function audit.save_view(text, text, text, text, jsonb) to audit_web;
