set local role audit_owner;

create or replace function audit.default_texts("table" regclass, numbers smallint[]) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off
as $$
  select array_agg((held.attmissingval::text::text[])[1] order by n.place)
  from unnest(numbers) with ordinality n(number, place)
  left join pg_attribute a on a.attrelid = "table" and a.attnum = n.number
    -- The text of an array of these is not one of texts.
    and (select t.typdelim from pg_type t where t.oid = a.atttypid) = ','
  left join lateral (
    -- A partitioned table has no rows of its own: the partitions that were there keep the value.
    select h.attmissingval from pg_attribute h
    where (h.attrelid = "table" or h.attrelid in (select p.relid from pg_partition_tree("table") p))
      and h.attname = a.attname and h.atthasmissing
    limit 1) held on true
$$;

comment on function audit.default_texts(regclass, smallint[]) is
  'What columns that were added later hold in the rows that were there already: the text of each value, null where PostgreSQL keeps none.';
