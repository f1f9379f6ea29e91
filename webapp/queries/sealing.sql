select s.checkpoint, s.sealed_at, s.events, s.unsealed_since, s.lag, s.stalled_by, s.stalled_since, s.problem
from audit.sealing_status() s
