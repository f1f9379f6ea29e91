set local role audit_owner;

-- In PL/pgSQL, which plans it once: it is asked of every search that the log holds.
create or replace function audit.asks_for(filter jsonb, wanted audit.erasures, known text[]) returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if filter is null or filter = '{}' then
    return false;
  end if;
  return exists (
    select from jsonb_path_query(filter, 'lax $.keyvalue()') part
    cross join lateral jsonb_path_query(part -> 'value', 'strict $.** ? (@.type() != "array" && @.type() != "object")') word
    where case part ->> 'key'
      when 'record' then word #>> '{}' = wanted.record_id
      when 'actor' then 'actor' = any (wanted.also) and word #>> '{}' = wanted.record_id
      else part ->> 'key' not in ('from', 'to', 'period', 'tz', 'category', 'action', 'entity', 'field', 'login', 'application', 'source')
        and (length(word #>> '{}') > 2
          and exists (select from unnest(known) k where position(lower(word #>> '{}') in k) > 0)
          or part ->> 'key' = any (array['id', 'key']) and word #>> '{}' = wanted.record_id)
    end);
end
$$;

comment on function audit.asks_for(jsonb, audit.erasures, text[]) is
  'Whether a filter of the report or of an export asks for the record of a request: by its key, or by a text that is in one of its known values.';
