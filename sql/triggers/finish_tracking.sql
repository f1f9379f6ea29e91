set local role audit_owner;

create or replace function audit.finish_tracking("table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Only what this transaction generated: nothing else may be sealed as if it were.
  update audit.tracked t set checksum = audit.function_checksum(t), generating = null
  where t.tracked_id = (audit.tracked_table("table")).tracked_id and t.generating = pg_current_xact_id();
  perform audit.record_problems(null);
end
$$;

comment on function audit.finish_tracking(regclass) is
  'Seals what audit.generate_capture() made. The last step of audit.track() and audit.refresh().';
grant execute on function audit.finish_tracking(regclass) to audit_admin;
