set local role audit_owner;

-- The newest name is in audit.search, or in what that does not hold yet. The number from which on to look there is
-- written into a statement of its own, because a plan for an unknown one would read every event of a popular record.
-- Planning it takes longer than looking, and mostly there is nothing to look at.
create or replace function audit.name_of(entity text, record_id text, category text, at timestamptz) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  low    bigint := (select s.low_event_id from audit.searching s);
  known  record;
  newest text;
begin
  select s.record_label, s.occurred_at, s.event_id into known from audit.search s
  where s.record_id = name_of.record_id and s.entity = name_of.entity and s.category = name_of.category
    and s.record_label is not null and s.occurred_at <= at
  order by s.occurred_at desc, s.event_id desc limit 1;
  if pg_sequence_last_value('audit.log_event_id_seq') > low then
    execute format($sql$
      select e.record_label from audit.events e
      where e.event_id > %s and e.record_id = $1 and e.entity = $2 and e.category = $3
        and e.record_label is not null and e.occurred_at <= $4
        and ($5 is null or (e.occurred_at, e.event_id) > ($5, $6))
      order by e.occurred_at desc, e.event_id desc limit 1$sql$, low)
    into newest using record_id, entity, category, at, known.occurred_at, known.event_id;
  end if;
  return coalesce(newest, known.record_label);
end
$$;

comment on function audit.name_of(text, text, text, timestamptz) is
  'The last name by which a record was known at a time, among events of one category; null when it had none.';
grant execute on function audit.name_of(text, text, text, timestamptz) to audit_web, audit_reader, audit_admin;
