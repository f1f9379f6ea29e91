-- What a proof says of each event, as far as a checkpoint of that size holds it. Null: not yet sealed.
select
  s.event_id,
  s.occurred_at,
  f.leaf_index,
  case when f.leaf_index < %(size)s then json_build_object(
    'leaf', f.leaf_index,
    'salt', encode(f.salt, 'hex'),
    'payload_commit', encode(f.payload_commit, 'hex'),
    'header', s.header,
    'details', case when f.salt is not null then s.details end,
    'old_row', case when f.salt is not null then s.old_row end,
    'new_row', case when f.salt is not null then s.new_row end,
    'shape', s.shape) end as seal
from ({sealable}) s
left join audit.leaves f on f.event_id = s.event_id
