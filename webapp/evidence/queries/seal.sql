insert into audit.leaves (leaf_index, event_id, salt, leaf_hash)
select
  %(first)s::bigint + e.place - 1,
  e.event_id,
  e.salt,
  sha256('\x00'::bytea || convert_to(e.header, 'UTF8') || sha256(
    e.salt || sha256(convert_to(e.details, 'UTF8'))
    || coalesce(sha256(convert_to(e.old_row, 'UTF8')), decode(repeat('00', 32), 'hex'))
    || coalesce(sha256(convert_to(e.new_row, 'UTF8')), decode(repeat('00', 32), 'hex'))))
from (
  select s.*, w.place, substr(%(salts)s::bytea, w.place::integer * 16 - 15, 16) as salt
  from unnest(%(event_ids)s::bigint[]) with ordinality w(event_id, place)
  join ({sealable}) s using (event_id)
  where s.event_id between %(lowest)s::bigint and %(highest)s::bigint
) e
returning leaf_index, leaf_hash
