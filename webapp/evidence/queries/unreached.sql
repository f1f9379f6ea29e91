-- Approved requests to erase, with the months that had left by then and that they have not reached.
select
  a.archive_id, a.file,
  e.erasure_id, to_char(e.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  e.entity, e.record_id, e.schema_name, e.table_name, e.columns, e.also
from audit.erasures e
join audit.archives a on a.retired_at < e.closed_at
where e.approved_by is not null
  and not exists (select from audit.reached r where r.archive_id = a.archive_id and r.erasure_id = e.erasure_id)
order by e.erasure_id, a.archive_id
