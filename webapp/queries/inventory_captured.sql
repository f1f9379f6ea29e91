select quote_ident(t.schema_name) || '.' || quote_ident(t.table_name) as table_name, t.entity, t.since, t.mask, t.exclude
from audit.tracked t where {scope} order by 1
