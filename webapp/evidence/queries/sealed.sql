-- Leaves beside the events that they seal, in their order.
select
  f.leaf_index, f.event_id, f.salt, f.payload_commit, f.leaf_hash,
  s.xact_id::text::bigint, s.header, s.details, s.old_row, s.new_row
from audit.leaves f
left join ({sealable}) s on s.event_id = f.event_id
  and s.event_id between %(lowest)s::bigint and %(highest)s::bigint
where f.leaf_index >= %(low)s and f.leaf_index < %(high)s
order by f.leaf_index
