select table_name, entity, triggers_present, enabled_always, function_unchanged, drifted_columns,
       tracked_since, last_event, problem
from audit.status()
