-- Settled events without a leaf, in settled order. What this snapshot shows although its transaction is not to begin
-- before the snapshot ends was written in another cluster, and restored here.
declare unsealed no scroll cursor with hold for
select l.event_id
from audit.log l
where l.event_id > {low}
  and (l.xact_id < pg_snapshot_xmin(pg_current_snapshot()) or l.xact_id >= pg_snapshot_xmax(pg_current_snapshot()))
  and not exists (select from audit.leaves s where s.event_id = l.event_id and s.event_id > {low})
order by l.xact_id, l.event_id
