-- The newest name of a record r until r.occurred_at, as audit.name_of() finds it, without planning a query for each.
select named.record_label from (
  (select s.record_label, s.occurred_at, s.event_id from audit.search s
   where s.record_id = r.record_id and s.entity = r.entity and s.category = r.category
     and s.record_label is not null and s.occurred_at <= r.occurred_at
   order by s.occurred_at desc, s.event_id desc limit 1)
  union all
  -- Few events are that new: nothing but their numbers should lead to them.
  (select e.record_label, e.occurred_at, e.event_id from audit.events e
   where e.event_id > {low} and e.record_id = r.record_id and e.entity = r.entity and e.category = r.category
     and e.record_label is not null and e.occurred_at <= r.occurred_at
   offset 0)) named
order by named.occurred_at desc, named.event_id desc limit 1
