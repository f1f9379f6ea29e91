-- A view over somebody else's table may leave things out: no password opens no door.
select user_id, login, coalesce(name, login) as name, coalesce(password_hash, '') as password_hash,
  coalesce(active, false) as active, coalesce(permissions, '{}') as permissions, categories
from audit.web_users where user_id = %(user_id)s limit 1
