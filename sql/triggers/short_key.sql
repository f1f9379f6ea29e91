set local role audit_owner;

-- An index holds 2704 bytes of a row. Those of audit.search hold, beside a key, the kind of record: up to 800 bytes, and more.
create or replace function audit.short_key(key text) returns text
language sql immutable parallel safe
as $$
  select case when octet_length(key) <= 1700 then key else left(key, 200) || '… md5 ' || md5(key) end
$$;

comment on function audit.short_key(text) is
  'A key that fits into an index: a longer one is its beginning and its MD5.';
