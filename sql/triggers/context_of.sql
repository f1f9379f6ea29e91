set local role audit_owner;

-- No other way on PostgreSQL 15 to ask whether a text is valid jsonb; the block is entered only when
-- an application sends a context, and writes nothing, so that it costs no transaction id. It is the
-- reason why neither this nor what reads rows is parallel safe.
create or replace function audit.context_of(setting text) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  parsed jsonb;
begin
  if setting is null or setting = '' then
    return null;
  end if;
  begin
    parsed := setting::jsonb;
    if jsonb_typeof(parsed) = 'object' and length(setting) <= 65536 and audit.is_bounded(setting, parsed) then
      return parsed;
    end if;
  exception when others then
    null;
  end;
  return jsonb_build_object('$malformed', left(setting, 1000));
end
$$;

comment on function audit.context_of(text) is
  'The context that an application set, as jsonb. What is no JSON object, longer than 65536 characters, or not bounded as audit.is_bounded() says, is kept as text (its first 1000 characters) under "$malformed": a bad setting never fails a write.';
grant execute on function audit.context_of(text) to audit_web, audit_reader, audit_admin, audit_sealer;
