set local role audit_owner;

create or replace function audit.require_export_right(entity text) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from audit.export_rights x
             join pg_roles r on r.rolname = x.grantee
             where x.entity = require_export_right.entity and pg_has_role(session_user, r.oid, 'member'))
     or (select rolsuper from pg_roles where rolname = session_user) then
    return;
  end if;
  raise exception '% may not export "%"', session_user, coalesce(entity, 'null')
    using errcode = 'insufficient_privilege',
          detail = 'Exports are closed until somebody opens them, per role and kind of record.',
          hint = format('An audit_admin allows it with: select audit.allow_export(%L, %L).', entity, session_user);
end
$$;

comment on function audit.require_export_right(text) is
  'Raises 42501 unless the session''s login may export that kind of record.';
