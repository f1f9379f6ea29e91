set local role audit_owner;

-- A row that moves to another partition is deleted in one and inserted in the other by one UPDATE: it was inserted
-- before audit.note_moves() noted the update, and its delete is captured after that, while the update still runs.
-- Command numbers tell, which nobody can forge. The settings audit.last_delete_… and audit.moving only say where to look.
create or replace function audit.moved_from(tracked_id integer, is_now record, out event_id bigint, out record_id text)
language plpgsql
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  place    text     := 'audit.last_delete_' || pg_trigger_depth();
  hint     text     := current_setting(place, true);
  noted    text     := current_setting('audit.moving', true);
  root     regclass := audit.tracked_relation(tracked_id);
  deleted  record;
  inserted bigint;
begin
  perform set_config(place, '', true);
  -- A policy of the table's owner is not the log's owner's to run: such a move reads as a delete and an insert.
  if hint !~ '^\d{1,18}$' or row_security_active(root) then
    return;
  end if;
  select l.event_id, l.record_id, l.cmin::text::bigint as command, s.key into deleted
  from audit.log l join audit.shapes s on s.shape_id = l.shape_id
  where l.event_id = hint::bigint and l.occurred_at >= statement_timestamp()
    and l.xact_id = pg_current_xact_id() and l.action = 'd' and s.tracked_id = moved_from.tracked_id;
  if not found or cardinality(deleted.key) = 0 then
    return;
  end if;
  execute format('select max(r.cmin::text::bigint) from %s r, (select ($1).*) is_now where %s', root,
                 (select string_agg(format('r.%1$I = is_now.%1$I', k), ' and ') from unnest(deleted.key) k))
    into inserted using is_now;
  if inserted < deleted.command and (exists (
      select from audit.moving m
      where m.moving_id = case when noted ~ '^\d{1,18}$' then noted::bigint end and m.xact_id = pg_current_xact_id()
        and m.cmin::text::bigint between inserted + 1 and deleted.command - 1
        and m.relation in (select p.relid from pg_partition_tree(root) p))
    or audit.in_replication_worker()) then  -- which fires no statement triggers, and deletes and inserts in one command only to move
    event_id := deleted.event_id;
    record_id := deleted.record_id;
  end if;
end
$$;

comment on function audit.moved_from(integer, record) is
  'For a row that was just inserted into a partition: the event of its delete in another one by the same update, and the key it had; or null.';
