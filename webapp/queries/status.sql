select s.table_name, s.entity, s.triggers_present, s.enabled_always, s.function_unchanged, s.drifted_columns,
       s.tracked_since, s.last_event, s.problem
from audit.status() s
where s.entity is null or {scope}
