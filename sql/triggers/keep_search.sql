set local role audit_owner;

create or replace function audit.keep_search(
  owner text, query text, lifetime interval default '7 days', filter jsonb default null
) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 100;
  kept text;
begin
  delete from audit.views v where v.expires_at < clock_timestamp();
  update audit.views v set expires_at = clock_timestamp() + lifetime
  where v.owner = keep_search.owner and v.query = keep_search.query and v.name is null
  returning v.view_id into kept;
  if kept is not null then
    return kept;
  end if;
  delete from audit.views v where v.view_id in (
    select o.view_id from audit.views o where o.owner = keep_search.owner and o.name is null
    order by o.expires_at desc offset most - 1);
  insert into audit.views as v (owner, query, expires_at, filter)
  values (keep_search.owner, keep_search.query, clock_timestamp() + lifetime, keep_search.filter)
  returning v.view_id into kept;
  return kept;
end
$$;

comment on function audit.keep_search(text, text, interval, jsonb) is
  'Keeps what somebody looks for out of addresses: returns the id that stands for it until it expires. The same search keeps its id; a person has 100, of which the oldest goes first.';
grant execute on function audit.keep_search(text, text, interval, jsonb) to audit_web;
