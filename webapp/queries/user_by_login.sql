select user_id, login, name, password_hash, active, permissions
from audit.web_users where login = lower(%(login)s) limit 1
