set local role audit_owner;

create or replace function audit.action_name(code "char") returns text
language sql immutable parallel safe
as $$
  select case code
    when 'i' then 'insert' when 'u' then 'update' when 'k' then 'update' when 'd' then 'delete'
    when 't' then 'truncate' when 'b' then 'baseline' when 'e' then 'export' when 'v' then 'view'
    when 's' then 'sign_in' when 'f' then 'sign_in_failed' when 'o' then 'sign_out' when 'n' then 'denied'
    when 'x' then 'erase' when 'r' then 'retain' when 'c' then 'configure'
  end
$$;

comment on function audit.action_name("char") is
  'The action behind the code that audit.log stores. k is an update too: one that changed the key.';
grant execute on function audit.action_name("char") to audit_web, audit_reader, audit_admin, audit_sealer;
