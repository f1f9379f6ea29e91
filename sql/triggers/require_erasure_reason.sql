set local role audit_owner;

create or replace function audit.require_erasure_reason(reason text) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if reason is null or length(trim(reason)) not between 3 and 500 then
    raise exception 'a request to erase needs a reason of 3 to 500 characters'
      using errcode = 'invalid_parameter_value',
            hint = 'Say why, for example the number of the person''s letter. It stays in the log: name nobody in it.';
  end if;
end
$$;

comment on function audit.require_erasure_reason(text) is 'Error: 22023 when there is no reason, or a very long one.';
