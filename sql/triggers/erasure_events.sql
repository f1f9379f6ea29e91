set local role audit_owner;

create or replace function audit.erasure_events(erasure audit.erasures) returns table (event_id bigint, kind text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  known text[];
begin
  if erasure.columns is not null then
    return query
      select l.event_id, 'columns'
      from audit.shapes s join audit.log l on l.shape_id = s.shape_id
      where s.schema_name = erasure.schema_name and s.table_name = erasure.table_name
        and (s.columns is null or s.columns && erasure.columns)
        and not coalesce(erasure.columns <@ s.masked, false)
        and (l.old_row is not null or l.new_row is not null)
        and (select bool_or(f.value <> '{"$masked": true}' and f.value not in ('"*"', '"**"') and f.value <> 'null')
             from unnest(array[l.old_row, l.new_row]) stored
             cross join lateral jsonb_each(case when stored is not null then audit.text_fields(l.shape_id, stored) end) f
             where f.key = any (erasure.columns));
    return;
  end if;

  -- Erase events stay: they are what says that the rest has gone. A changed key is in the event under the old one.
  return query
    select l.event_id, case when s.parent is null then 'own' else 'parent' end
    from audit.log l join audit.shapes s on s.shape_id = l.shape_id
    where l.record_id = erasure.record_id and s.entity = erasure.entity and l.action not in ('x', 'r')
    union all
    select l.event_id, 'own'
    from audit.log l join audit.shapes s on s.shape_id = l.shape_id
    where l.action = 'k' and s.entity = erasure.entity and l.record_id <> erasure.record_id and l.new_row is not null
      and audit.record_key(s.key, s.parent, audit.row_fields(l.shape_id, l.new_row)) = erasure.record_id;
  if 'actor' = any (erasure.also) then
    return query
      select l.event_id, 'actor' from audit.log l where l.actor_id = erasure.record_id and l.action not in ('x', 'r');
  end if;
  if 'filter' = any (erasure.also) then
    known := audit.known_texts(erasure);
    return query
      select l.event_id, 'filter'
      from audit.log l
      -- Read once, and only where its text can hold what is looked for: the log has many of them.
      cross join lateral (select audit.context_of(l.context) -> audit.action_name(l.action) offset 0) d(details)
      where l.action in ('e', 'v', 'n')
        and (strpos(l.context, '"filter"') > 0 or strpos(l.context, to_jsonb(erasure.record_id)::text) > 0)
        and jsonb_typeof(details) = 'object' and (
        details ->> 'record_id' = erasure.record_id and coalesce(details ->> 'entity', erasure.entity) = erasure.entity
        or 'actor' = any (erasure.also) and details ->> 'actor_id' = erasure.record_id
        or audit.asks_for(details -> 'filter', erasure, known));
  end if;
end
$$;

comment on function audit.erasure_events(audit.erasures) is
  'What a request covers, an event once for each reason: own and parent (the whole payload goes), actor (who did it), filter (what was looked for), columns (their values).';
