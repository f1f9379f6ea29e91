set local role audit_owner;

create or replace function audit.deny_export(entity text, grantee regrole) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from audit.export_rights x
  using pg_roles r
  where r.oid = deny_export.grantee and x.grantee = r.rolname and x.entity = deny_export.entity;
  if found then
    perform audit.record_event(entity, 'configure', details =>
      jsonb_build_object('did', 'deny_export', 'grantee', grantee::text));
  end if;
end
$$;

comment on function audit.deny_export(text, regrole) is
  'Takes back what audit.allow_export() gave. Does nothing when there is nothing to take.';
grant execute on function audit.deny_export(text, regrole) to audit_admin;
