-- Sessions that are writing to the log and have no transaction number yet: the number of an event may be older.
select exists (
  select from pg_locks w
  where w.locktype = 'relation' and w.mode = 'RowExclusiveLock' and w.relation = 'audit.log'::regclass
    and w.database = (select d.oid from pg_database d where d.datname = current_database())
    and not exists (
      select from pg_locks n
      where n.locktype = 'transactionid' and n.mode = 'ExclusiveLock' and n.granted
        and n.virtualtransaction = w.virtualtransaction))
