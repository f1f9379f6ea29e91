-- Requests to erase: those that wait first, then the newest.
select
  e.erasure_id, e.entity, e.record_id, e.schema_name, e.table_name, e.columns, e.also, e.reason,
  e.requested_by, e.requested_at, e.approved_by, e.withdrawn_by, e.closed_at, e.erased
from audit.erasures e
where {scope} and (%(request)s::bigint is null or e.erasure_id = %(request)s)
order by e.closed_at is not null, e.erasure_id desc
limit %(limit)s
