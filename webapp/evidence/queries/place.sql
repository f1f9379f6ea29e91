-- Another cluster, timeline or database is another life of the log.
select format('%s/%s/%s', c.system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), d.oid)
from pg_control_system() c, pg_database d
where d.datname = current_database()
