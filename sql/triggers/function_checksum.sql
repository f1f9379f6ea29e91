set local role audit_owner;

create or replace function audit.function_checksum(function_name text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select md5(concat_ws('|', p.prosrc, p.proconfig, p.prosecdef, p.proowner::regrole))
  from pg_proc p
  where p.pronamespace = 'audit'::regnamespace and p.proname = function_name and p.pronargs = 0
$$;

comment on function audit.function_checksum(text) is
  'Fingerprint of a function without arguments in schema audit: body, settings, security, owner. Null when it is gone.';
