set local role audit_owner;

create or replace function audit.session_pins("table" regclass) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- Some types are written as the session's settings say. Setting them for each row costs time, so
  -- only what the table's columns need is set; a type not known to be safe gets everything.
  with kinds as (
    select coalesce(nullif(t.typelem, 0)::regtype, t.oid::regtype) as kind
    from pg_attribute a
    join pg_type declared on declared.oid = a.atttypid
    join pg_type t on t.oid = case declared.typtype when 'd' then declared.typbasetype else declared.oid end
    where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped and t.typtype <> 'e'
  ), needs as (
    select
      bool_or(kind in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)) as times,
      bool_or(kind not in (
        'timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype, 'time'::regtype,
        'bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'oid'::regtype,
        'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, '"char"'::regtype, 'name'::regtype,
        'uuid'::regtype, 'json'::regtype, 'jsonb'::regtype, 'inet'::regtype, 'cidr'::regtype)) as everything
    from kinds
  )
  select concat_ws(' ',
    case when times or everything then $pin$set timezone = 'UTC' set datestyle = 'ISO, YMD'$pin$ end,
    case when everything then $pin$set intervalstyle = 'iso_8601' set bytea_output = 'hex'
      set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off$pin$ end)
  from needs
$$;

comment on function audit.session_pins(regclass) is
  'SET clauses that a capture function on this table needs so that what it stores does not depend on the writer''s session.';
