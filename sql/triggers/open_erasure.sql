set local role audit_owner;

create or replace function audit.open_erasure(erasure_id bigint) returns audit.erasures
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted audit.erasures;
begin
  perform from audit.erasures e where e.erasure_id = open_erasure.erasure_id for update;
  wanted := audit.erasure(erasure_id);
  if wanted.closed_at is not null then
    raise exception 'request % was % by % already', wanted.erasure_id,
      case when wanted.approved_by is null then 'withdrawn' else 'approved' end, coalesce(wanted.approved_by, wanted.withdrawn_by)
      using errcode = 'object_not_in_prerequisite_state', hint = 'Nothing was done now. Make another request where more must go.';
  end if;
  return wanted;
end
$$;

comment on function audit.open_erasure(bigint) is
  'A request that waits for approval, locked. Errors: P0002 no such request, 55000 it is closed.';
