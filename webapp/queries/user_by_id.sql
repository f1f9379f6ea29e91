select {user_columns}
from audit.web_users u where u.user_id = %(user_id)s limit 1
