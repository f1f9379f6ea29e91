set local role audit_owner;

create or replace function audit.set_actor(
  actor_id   text,
  actor_name text  default null,
  request_id text  default null,
  context    jsonb default null
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(context) <> 'object' then
    raise exception 'audit.set_actor: context is a JSON %, not an object', jsonb_typeof(context)
      using errcode = 'invalid_parameter_value',
            detail = format('context: %s', left(context::text, 200)),
            hint = 'Pass an object, for example {"ip": "203.0.113.7"}.';
  end if;
  perform set_config('audit.actor_id', coalesce(actor_id, ''), true),
          set_config('audit.actor_name', coalesce(actor_name, ''), true),
          set_config('audit.request_id', coalesce(request_id, ''), true),
          set_config('audit.context', coalesce(context::text, ''), true);
end
$$;

comment on function audit.set_actor(text, text, text, jsonb) is
  'Names the person this transaction works for. actor_id, actor_name: your application''s own; request_id: its number for the request; context: a JSON object with anything else. Ends with the transaction, so it is safe behind a transaction pooler; outside of a transaction block it ends at once, in silence. Any role may call it. Error: 22023 when context is not an object.';
grant execute on function audit.set_actor(text, text, text, jsonb) to public;
