set local role audit_owner;

create or replace function audit.erasure(erasure_id bigint) returns audit.erasures
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found_row audit.erasures;
begin
  select e.* into found_row from audit.erasures e where e.erasure_id = erasure.erasure_id;
  if not found then
    raise exception 'there is no request % to erase', coalesce(erasure_id::text, 'null')
      using errcode = 'no_data_found', hint = 'auditlog erase --list shows them all.';
  end if;
  return found_row;
end
$$;

comment on function audit.erasure(bigint) is 'One request to erase. Error: P0002 when there is none.';
