set local role audit_owner;

create or replace function audit.allow_export(entity text, grantee regrole) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from audit.tracked t where t.entity = allow_export.entity and t.parent is null) then
    raise exception 'audit.allow_export: no tracked table has entity "%"', coalesce(entity, 'null')
      using errcode = 'undefined_object',
            detail = format('Entities: %s.', coalesce((
              select string_agg(distinct t.entity, ', ') from audit.tracked t where t.parent is null), 'none')),
            hint = 'Track its table first, with audit.track().';
  end if;
  insert into audit.export_rights (grantee, entity)
  select r.rolname, allow_export.entity from pg_roles r where r.oid = allow_export.grantee
  on conflict do nothing;
  if found then
    perform audit.record_event(entity, 'configure', details =>
      jsonb_build_object('did', 'allow_export', 'grantee', grantee::text));
  end if;
end
$$;

comment on function audit.allow_export(text, regrole) is
  'Lets a role export one kind of record through audit.request_export() and audit.export_rows(), or report it with audit.record_export(). Masked and excluded columns never leave. Error: 42704 when nothing tracked has that entity.';
grant execute on function audit.allow_export(text, regrole) to audit_admin;
