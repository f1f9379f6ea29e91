set local role audit_owner;

create or replace function audit.finish_tracking(known audit.tracked, "table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked  audit.tracked := audit.tracked_table("table");
  settings text[] := '{entity,label,exclude,mask,parent}';
  now_is   jsonb := (select jsonb_object_agg(s, to_jsonb(tracked) -> s) from unnest(settings) s);
begin
  -- Only what this transaction generated: nothing else may be sealed as if it were.
  update audit.tracked t set checksum = audit.function_checksum(t), generating = null
  where t.tracked_id = tracked.tracked_id and t.generating = pg_current_xact_id();
  if now_is is distinct from (select jsonb_object_agg(s, to_jsonb(known) -> s) from unnest(settings) s) then
    perform audit.record_event(tracked.entity, 'configure', details =>
      now_is || jsonb_build_object('did', 'track', 'schema_name', tracked.schema_name, 'table_name', tracked.table_name));
  end if;
  perform audit.record_problems(null);
end
$$;

comment on function audit.finish_tracking(audit.tracked, regclass) is
  'Seals what audit.generate_capture() made, and records how the table is tracked if that differs from what was known.';
grant execute on function audit.finish_tracking(audit.tracked, regclass) to audit_admin;
