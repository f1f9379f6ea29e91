set local role audit_owner;

create or replace function audit.payload_commitment(event audit.log, salt bytea) returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select sha256(salt
    || sha256(convert_to(json_build_object(
      'record_id', event.record_id,
      'record_label', event.record_label,
      'application', event.application,
      'client_addr', event.client_addr,
      'actor_id', event.actor_id,
      'actor_name', event.actor_name,
      'request_id', event.request_id,
      'context', event.context)::text, 'UTF8'))
    || coalesce(sha256(convert_to(event.old_row, 'UTF8')), decode(repeat('00', 32), 'hex'))
    || coalesce(sha256(convert_to(event.new_row, 'UTF8')), decode(repeat('00', 32), 'hex')))
$$;

comment on function audit.payload_commitment(audit.log, bytea) is
  'What stays of a payload that is erased: the commitment by which its leaf is still proven. The bytes are those that auditlog seal hashes.';
