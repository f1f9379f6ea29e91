set local role audit_owner;

-- Numbers of events are not the order in which they are committed: number 2 may be there before number 1. Whoever takes
-- a number holds a lock on the log and has, or will have, a transaction number. So once no writer is without one, every
-- event number that was taken by then belongs to a transaction before the one that sets the mark. When all transactions
-- before that have ended, whoever looks from then on sees all of these events, and need not look again.
create or replace function audit.settled_event(
  low_event_id bigint, inout mark_event_id bigint, inout mark_xact_id xid8, out settled_event_id bigint)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  newest bigint;
begin
  if mark_event_id <= low_event_id                                   -- it was reached
    or mark_xact_id > pg_snapshot_xmax(pg_current_snapshot()) then   -- it was set in another cluster, and restored here
    mark_event_id := null;
    mark_xact_id := null;
  end if;
  if mark_event_id is null then
    newest := coalesce(pg_sequence_last_value('audit.log_event_id_seq'), 0);
    -- Whoever has a transaction number already cannot set a mark: others may have begun since.
    if newest > low_event_id and pg_current_xact_id_if_assigned() is null and not exists (
      select from pg_locks w
      where w.locktype = 'relation' and w.mode = 'RowExclusiveLock' and w.relation = 'audit.log'::regclass
        and w.database = (select d.oid from pg_database d where d.datname = current_database())
        and not exists (
          select from pg_locks n
          where n.locktype = 'transactionid' and n.mode = 'ExclusiveLock' and n.granted
            and n.virtualtransaction = w.virtualtransaction))
    then
      mark_event_id := newest;
      -- Not the snapshot's xmax, which an open transaction may bear.
      mark_xact_id := pg_current_xact_id();
    end if;
  end if;
  if pg_snapshot_xmin(pg_current_snapshot()) >= mark_xact_id then
    settled_event_id := mark_event_id;
  end if;
end
$$;

comment on function audit.settled_event(bigint, bigint, xid8) is
  'Up to which event the log is settled: what a later statement or transaction sees up to there is all that there will ever be. Null: nothing new is. The arguments are how far the caller has come, and the mark that the last call gave it, to be kept until the next one. Who seals and who makes searchable ask this; auditlog stream follows the seals, whose order is settled.';
grant execute on function audit.settled_event(bigint, bigint, xid8) to audit_sealer;
