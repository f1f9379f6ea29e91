-- A view over somebody else's table may leave things out: no password opens no door.
u.user_id, u.login, coalesce(u.name, u.login) as name, coalesce(u.password_hash, '') as password_hash,
  coalesce(u.active, false) as active, coalesce(u.permissions, '{{}}') as permissions, u.categories
