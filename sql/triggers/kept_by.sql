set local role audit_owner;

create or replace function audit.kept_by(month date) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  begins  timestamptz := month;
  ends    timestamptz := month + interval '1 month';
  hold    audit.holds;
  stream  text;
  partner bigint;
begin
  for hold in select h.* from audit.holds h
              where h.since is null or (h.since < ends and h.until > begins) order by h.hold_id loop
    if exists (select from audit.log l join audit.shapes s using (shape_id)
               where l.occurred_at >= begins and l.occurred_at < ends
                 and (hold.entity is null or s.entity = hold.entity)
                 and (hold.record_id is null or l.record_id = audit.short_key(hold.record_id))
                 and (hold.since is null or (l.occurred_at >= hold.since and l.occurred_at < hold.until))) then
      return format('hold %s (%s)', hold.hold_id, hold.reason);
    end if;
  end loop;
  select s.name into stream from audit.streams s
  where exists (select from audit.log l join audit.leaves f using (event_id)
                where l.occurred_at >= begins and l.occurred_at < ends and f.leaf_index >= s.position)
  order by s.name limit 1;
  if found then
    return format('the stream %s, which has not taken it yet', stream);
  end if;
  -- A row that moved while the month turned: its delete goes together with its insert, or the update would be halved.
  select l.event_id into partner from audit.log l
  where l.moved_from is not null and l.occurred_at >= ends and l.occurred_at < ends + interval '1 month'
    and exists (select from audit.log d where d.event_id = l.moved_from and d.occurred_at < ends);
  if found then
    return format('event %s of the next month, which completes one of this', partner);
  end if;
  return null;
end
$$;

comment on function audit.kept_by(date) is
  'What keeps the events of a month in the log, in words: a legal hold, a stream that has not taken them, an event of the next month; null when nothing does.';
grant execute on function audit.kept_by(date) to audit_admin;
