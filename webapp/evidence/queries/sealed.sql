-- Leaves beside the events that they seal, in their order.
select
  f.leaf_index, f.event_id, f.salt, f.payload_commit, f.leaf_hash,
  s.xact_id::text::bigint, s.header, s.details, s.old_row, s.new_row,
  s.header is null and exists (
    select from audit.archives a where a.leaves @> f.leaf_index and (
      exists (select from audit.leaves r where r.event_id = a.event_id)
      or exists (select from audit.log r where r.event_id = a.event_id))) as retired
from audit.leaves f
left join ({sealable}) s on s.event_id = f.event_id
  and s.event_id between %(lowest)s::bigint and %(highest)s::bigint
where f.leaf_index >= %(low)s and f.leaf_index < %(high)s
order by f.leaf_index
