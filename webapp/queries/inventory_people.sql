select coalesce(name, login) as name, permissions, categories
from audit.web_users
where active and permissions && array['audit.view', 'audit.export', 'audit.manage', 'audit.erase']
order by 1 limit %(limit)s
