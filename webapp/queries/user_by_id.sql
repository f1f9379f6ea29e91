select {user_columns.sql}
from audit.web_users u where u.user_id = %(user_id)s limit 1
