-- Which columns of tracked tables hold the key of another tracked record: the foreign keys say so.
select from_schema.nspname as schema_name, from_table.relname as table_name, a.attname as column_name, target.entity
from audit.tracked here
join pg_namespace from_schema on from_schema.nspname = here.schema_name
join pg_class from_table on from_table.relnamespace = from_schema.oid and from_table.relname = here.table_name
join pg_constraint c on c.conrelid = from_table.oid and c.contype = 'f' and cardinality(c.conkey) = 1
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
join pg_class to_table on to_table.oid = c.confrelid
join pg_namespace to_schema on to_schema.oid = to_table.relnamespace
join audit.tracked target
  on target.schema_name = to_schema.nspname and target.table_name = to_table.relname and target.parent is null
