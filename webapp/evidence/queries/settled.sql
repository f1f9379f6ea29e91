select m.mark_event_id, m.mark_xact_id::text, m.settled_event_id
from audit.sealing s, audit.settled_event(s.low_event_id, s.mark_event_id, s.mark_xact_id) m
