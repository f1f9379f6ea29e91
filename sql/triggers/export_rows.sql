set local role audit_owner;

create or replace function audit.export_rows(ticket uuid, rowtype anyelement) returns setof anyelement
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  asked   audit.export_tickets;
  tracked audit.tracked;
  shape   audit.shapes;
  source  regclass;
  fields  text;
begin
  select * into asked from audit.export_tickets t where t.ticket = export_rows.ticket;
  if not found or asked.db_user <> session_user or asked.expires_at < clock_timestamp() then
    raise exception 'export ticket % is not valid', coalesce(ticket::text, 'null')
      using errcode = 'insufficient_privilege',
            detail = 'A ticket is valid for five minutes, for the login that asked for it.',
            hint = 'Ask for a new one with audit.request_export().';
  end if;
  -- In progress, here or elsewhere, or prepared: the export could still vanish from the record.
  if pg_xact_status(asked.xact_id) is distinct from 'committed' then
    raise exception 'export ticket % is not on record yet', ticket
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'Commit the transaction that called audit.request_export(), then take the rows.';
  end if;

  source := (select c.oid from pg_class c where c.reltype = pg_typeof(rowtype));
  tracked := audit.tracked_table(source);
  if tracked.entity <> asked.entity or tracked.parent is not null then
    raise exception 'export ticket % is for "%", not for rows of %', ticket, asked.entity, source
      using errcode = 'datatype_mismatch',
            hint = 'Pass the row type of the table that the ticket was asked for, for example null::contacts.';
  end if;
  if nextval(format('audit.%I', 'ticket_' || ticket)::regclass) > 1 then
    raise exception 'export ticket % has been used', ticket
      using errcode = 'insufficient_privilege',
            detail = 'A ticket gives its rows once, even when the transaction that took them was rolled back.',
            hint = 'Ask for a new one with audit.request_export().';
  end if;

  shape := audit.shape_now(tracked, source);
  -- A null made for a column would run the check of its domain, which is somebody else's code; that of an outer join does not.
  select string_agg(
    case when a.attname = any (shape.columns) and a.attname <> all (shape.masked)
      then format('source.%I', a.attname)
      else format('nothing.%I', a.attname) end, ', ' order by a.attnum)
  into fields
  from pg_attribute a where a.attrelid = source and a.attnum > 0 and not a.attisdropped;
  return query execute
    format('select %s from %s source left join (select * from %2$s where false) nothing on true where $1 is null or %s @> $1', fields, source,
           audit.json_sql(source, 'source', array(select jsonb_object_keys(asked.filter))))
    using asked.filter;
end
$$;

comment on function audit.export_rows(uuid, anyelement) is
  'The rows of an export that is on record: select * from audit.export_rows(ticket, null::contacts). Once, within five minutes, for the login that asked, after the request has committed. Masked and excluded columns are null. A crash of the server just after the rows were taken may leave the ticket unused for the rest of its five minutes, for the same login and the export on record. Errors: 42501 ticket not valid or used, 55000 request not committed, 42804 other table.';
grant execute on function audit.export_rows(uuid, anyelement) to public;
