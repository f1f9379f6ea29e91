-- What is sealed of an event: the bytes that FORMAT.md describes. Sealing, verifying and proving all read these.
select
  l.event_id,
  l.xact_id,
  l.occurred_at,
  json_build_object(
    'v', 1,
    'event_id', l.event_id,
    'occurred_at', l.occurred_at at time zone 'UTC',
    'xact_id', l.xact_id,
    'action', l.action,
    'moved_from', l.moved_from,
    'imported_at', l.imported_at at time zone 'UTC',
    'shape', shape.hash,
    'db_user', l.db_user)::text as header,
  json_build_object(
    'record_id', l.record_id,
    'record_label', l.record_label,
    'application', l.application,
    'client_addr', l.client_addr,
    'actor_id', l.actor_id,
    'actor_name', l.actor_name,
    'request_id', l.request_id,
    'context', l.context)::text as details,
  l.old_row,
  l.new_row,
  shape.text as shape
from audit.log l
join (
  select s.shape_id, s.text, encode(sha256(convert_to(s.text, 'UTF8')), 'hex') as hash
  from (
    select x.shape_id, json_build_object(
      'shape_id', x.shape_id, 'tracked_id', x.tracked_id, 'entity', x.entity, 'schema_name', x.schema_name, 'table_name', x.table_name,
      'columns', x.columns, 'types', x.types, 'masked', x.masked, 'parted', x.parted, 'key', x.key,
      'label', x.label, 'parent', x.parent)::text as text
    from audit.shapes x
    offset 0) s
  offset 0) shape using (shape_id)
