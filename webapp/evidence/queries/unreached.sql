-- Approved requests to erase, with the months that had left by then and that they have not reached.
select
  a.archive_id, a.file,
  e.erasure_id, to_char(e.closed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  e.entity, e.record_id, e.schema_name, e.table_name, e.columns, e.also
from audit.unreached u
join audit.erasures e on e.erasure_id = u.erasure_id
join audit.archives a on a.archive_id = u.archive_id
where u.locked_until is null or u.locked_until <= clock_timestamp()
order by e.erasure_id, a.archive_id
