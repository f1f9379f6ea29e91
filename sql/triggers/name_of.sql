set local role audit_owner;

-- The newest name is in audit.search, or in what that does not hold yet; the number from which on to look there is
-- written into the statement, because a plan for an unknown one would read every event of a popular record.
create or replace function audit.name_of(entity text, record_id text, category text, at timestamptz) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  low  bigint := (select s.low_event_id from audit.searching s);
  name text;
begin
  execute format($sql$
    select named.record_label from (
      (select s.record_label, s.occurred_at, s.event_id from audit.search s
       where s.record_id = $1 and s.entity = $2 and s.category = $3 and s.record_label is not null and s.occurred_at <= $4
       order by s.occurred_at desc, s.event_id desc limit 1)
      union all
      (select e.record_label, e.occurred_at, e.event_id from audit.events e
       where e.event_id > %s and e.record_id = $1 and e.entity = $2 and e.category = $3
         and e.record_label is not null and e.occurred_at <= $4
       order by e.occurred_at desc, e.event_id desc limit 1)) named
    order by named.occurred_at desc, named.event_id desc limit 1$sql$, low)
  into name using record_id, entity, category, at;
  return name;
end
$$;

comment on function audit.name_of(text, text, text, timestamptz) is
  'The last name by which a record was known at a time, among events of one category; null when it had none.';
grant execute on function audit.name_of(text, text, text, timestamptz) to audit_web, audit_reader, audit_admin;
