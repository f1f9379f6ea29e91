set local role audit_owner;

create or replace function audit.erasure_views(wanted audit.erasures) returns setof text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select v.view_id
  from (select audit.known_texts(wanted) as texts where 'filter' = any (wanted.also)) known
  cross join audit.views v
  where audit.asks_for(v.filter, wanted, known.texts)
$$;

comment on function audit.erasure_views(audit.erasures) is
  'Saved views, and searches that are kept out of addresses, that ask for the record of a request.';
