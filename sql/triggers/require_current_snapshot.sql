set local role audit_owner;

-- A repeatable read transaction sees the rows of when it began, but TRUNCATE removes those of now. A lock keeps
-- writers out by now, so what is not seen was committed by a transaction that the snapshot does not know:
-- one that was running then, or has begun since.
create or replace function audit.require_current_snapshot() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  snapshot pg_snapshot := pg_current_snapshot();
  writer   xid8        := pg_snapshot_xmax(snapshot);
  unseen   boolean;
begin
  if current_setting('transaction_isolation') like 'read %' then
    return;
  end if;
  unseen := exists (select from pg_snapshot_xip(snapshot) x where pg_xact_status(x) = 'committed');
  begin
    while not unseen loop
      unseen := coalesce(pg_xact_status(writer) = 'committed', false);
      writer := (writer::text::numeric + 1)::text::xid8;
    end loop;
  exception when invalid_parameter_value then
    null;  -- a number that no transaction has yet
  end;
  if unseen then
    raise exception 'could not serialize access: rows may have been committed since this transaction began'
      using errcode = 'serialization_failure',
            detail = 'They would be missing in the audit log.',
            hint = 'Try the transaction again, with LOCK TABLE … IN ACCESS EXCLUSIVE MODE as its first statement, or read committed.';
  end if;
end
$$;

comment on function audit.require_current_snapshot() is
  'Nothing in a read committed transaction. Error: 40001 in a repeatable read or serializable one that began before another one committed.';
