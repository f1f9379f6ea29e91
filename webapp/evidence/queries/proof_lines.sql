-- Events with what was sealed of them, and of the deletes in other partitions that they complete. Null: not yet sealed.
select
  f.leaf_index,
  coalesce(to_jsonb(e), jsonb_build_object('event_id', s.event_id))::text as event,
  case when f.leaf_index < %(size)s then json_build_object(
    'leaf', f.leaf_index,
    'salt', encode(f.salt, 'hex'),
    'payload_commit', encode(f.payload_commit, 'hex'),
    'header', s.header,
    'details', case when f.salt is not null then s.details end,
    'old_row', case when f.salt is not null then s.old_row end,
    'new_row', case when f.salt is not null then s.new_row end,
    'shape', s.shape)::text end as seal
from ({sealable}) s
left join audit.leaves f on f.event_id = s.event_id
left join audit.events e on e.event_id = s.event_id
where s.event_id = any (%(event_ids)s)
   or s.event_id in (select l.moved_from from audit.log l where l.event_id = any (%(event_ids)s))
order by s.event_id
