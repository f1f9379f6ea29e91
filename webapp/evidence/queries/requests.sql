-- Requests to erase: those that wait first, then the newest.
select
  e.erasure_id, e.entity, e.record_id, e.schema_name, e.table_name, e.columns, e.also, e.reason,
  e.requested_by, e.requested_at, e.approved_by, e.withdrawn_by, e.closed_at, e.erased,
  (select coalesce(sum(r.events), 0)::bigint from audit.reached r where r.erasure_id = e.erasure_id) as in_archives,
  array(select to_char(u.month, 'YYYY-MM') from audit.unreached u
        where u.erasure_id = e.erasure_id and u.locked_until is null order by u.month) as unreached,
  (select max(u.locked_until) from audit.unreached u where u.erasure_id = e.erasure_id) as locked_until
from audit.erasures e
where {scope} and (%(request)s::bigint is null or e.erasure_id = %(request)s)
order by e.closed_at is not null, e.erasure_id desc
limit %(limit)s
