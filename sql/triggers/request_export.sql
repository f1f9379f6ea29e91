set local role audit_owner;

create or replace function audit.request_export(
  entity text,
  filter jsonb default null,
  format text  default 'csv',
  reason text  default null
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  source    regclass;
  given     uuid;
  hidden    text;
  stale     uuid;
  row_count bigint;
begin
  perform audit.require_export_right(entity);
  select relation into source
  from audit.tracked t cross join lateral (select audit.tracked_relation(t.tracked_id)) r(relation)
  where t.entity = request_export.entity and t.parent is null and relation is not null
  order by t.since limit 1;
  if source is null then
    raise exception 'audit.request_export: no tracked table has entity "%"', coalesce(entity, 'null')
      using errcode = 'undefined_object', hint = 'select entity, table_name from audit.status() lists what is tracked.';
  end if;
  if jsonb_typeof(filter) <> 'object' then
    raise exception 'audit.request_export: filter is a JSON %, not an object', jsonb_typeof(filter)
      using errcode = 'invalid_parameter_value',
            hint = 'Name columns and values, for example {"company": "Acme"}; null exports everything.';
  end if;

  -- A count by a hidden value, or the filter on record, would give the value away. A ticket may be used
  -- for any table of its entity.
  select f into hidden
  from jsonb_object_keys(filter) f
  cross join audit.tracked t
  cross join lateral audit.shape_now(t, audit.tracked_relation(t.tracked_id)) shape
  where t.entity = request_export.entity and t.parent is null
    and (f <> all (shape.columns) or f = any (shape.masked))
  limit 1;
  if hidden is not null then
    raise exception 'audit.request_export: cannot filter by "%", which is masked, excluded or not there', hidden
      using errcode = 'invalid_parameter_value',
            hint = pg_catalog.format('Leave it out of the filter. Known: %s.', (
              select string_agg(c, ', ') from audit.tracked t
              cross join lateral audit.shape_now(t, source) shape
              cross join lateral unnest(shape.columns) c
              where audit.tracked_relation(t.tracked_id) = source and c <> all (shape.masked)));
  end if;

  for stale in
    delete from audit.export_tickets t where t.ticket in (
      select old.ticket from audit.export_tickets old
      where old.expires_at < now() - interval '1 hour' for update skip locked)
    returning t.ticket
  loop
    execute pg_catalog.format('drop sequence if exists audit.%I', 'ticket_' || stale);
  end loop;

  execute pg_catalog.format('select count(*) from %s source where $1 is null or %s @> $1', source,
                            audit.json_sql(source, 'source', array(select jsonb_object_keys(filter))))
    into row_count using filter;
  insert into audit.export_tickets (entity, filter, expires_at)
  values (entity, filter, clock_timestamp() + interval '5 minutes')
  returning ticket into given;
  -- What stops a second use must outlive a rollback of the first. A sequence does; a row would not.
  execute pg_catalog.format('create sequence audit.%I', 'ticket_' || given);
  -- Gives it a new file. A commit that removes a file, here the first one, is waited for until it is on disk: no
  -- setting of whoever asks, made now or after this call, changes that.
  execute pg_catalog.format('alter sequence audit.%I restart', 'ticket_' || given);
  perform audit.record_event(entity, 'export', details => audit.export_details(filter, format, reason)
    || jsonb_build_object('row_count', row_count, 'ticket', given));
  return given;
end
$$;

comment on function audit.request_export(text, jsonb, text, text) is
  'Puts an export on record and gives the ticket for it: commit, then take the rows with audit.export_rows() within five minutes. filter: columns and values that the rows must contain; format and reason are noted. The transaction commits synchronously, whatever synchronous_commit says. After a lost connection the ticket of a commit in doubt is not known: ask again, both requests are on record. Errors: 42501 without audit.allow_export(), 42704 nothing tracked has that entity, 22023 filter is not an object, or names a column that is masked, excluded or not there, 54000 it is too large to be kept on record.';
grant execute on function audit.request_export(text, jsonb, text, text) to public;
