set local role audit_owner;

create or replace function audit.short_key(key text) returns text
language sql immutable parallel safe
as $$
  select case when octet_length(key) <= 2600 then key else left(key, 200) || '… md5 ' || md5(key) end
$$;

comment on function audit.short_key(text) is
  'A key that fits into an index: a longer one is its beginning and its MD5.';
