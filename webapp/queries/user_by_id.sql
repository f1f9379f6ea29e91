select user_id, login, name, password_hash, active, permissions
from audit.web_users where user_id = %(user_id)s limit 1
