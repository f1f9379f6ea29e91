set local role audit_owner;

create or replace function audit.release_hold(hold integer) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gone audit.holds;
begin
  delete from audit.holds h where h.hold_id = hold returning h.* into gone;
  if not found then
    raise exception 'audit.release_hold: there is no hold %', coalesce(hold::text, 'null')
      using errcode = 'no_data_found', hint = 'auditlog hold list shows those that there are.';
  end if;
  perform audit.record_event('log', 'configure', details => jsonb_build_object(
    'did', 'release_hold', 'hold', gone.hold_id, 'entity', gone.entity, 'record_id', gone.record_id, 'reason', gone.reason));
end
$$;

comment on function audit.release_hold(integer) is 'Ends a legal hold, and records that. Error: P0002 no such hold.';
grant execute on function audit.release_hold(integer) to audit_admin;
