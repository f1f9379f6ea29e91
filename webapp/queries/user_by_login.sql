select {user_columns.sql}
from audit.web_users u where u.login in (lower(%(login)s), %(login)s) limit 1
