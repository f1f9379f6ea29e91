set local role audit_owner;

-- Whoever takes the number of an event holds a lock on the log and has, or will have, a transaction number.
create or replace function audit.writers_without_number() returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pg_locks w
    where w.locktype = 'relation' and w.mode = 'RowExclusiveLock' and w.relation = 'audit.log'::regclass
      and w.database = (select d.oid from pg_database d where d.datname = current_database())
      and not exists (
        select from pg_locks n
        where n.locktype = 'transactionid' and n.mode = 'ExclusiveLock' and n.granted
          and n.virtualtransaction = w.virtualtransaction))
$$;

comment on function audit.writers_without_number() is
  'Whether a session is writing to the log that has no transaction number yet: the number of its event may be older.';
grant execute on function audit.writers_without_number() to audit_sealer;
