set local role audit_owner;

create or replace function audit.finish_refresh("table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.finish_tracking(audit.tracked_table("table"), "table");
end
$$;

comment on function audit.finish_refresh(regclass) is 'The last step of audit.refresh().';
grant execute on function audit.finish_refresh(regclass) to audit_admin;
