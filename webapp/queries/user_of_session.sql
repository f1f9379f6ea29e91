-- Read again on every request: who was disabled or demoted is out on the next click.
select s.session_id, s.account, s.authenticated_at, s.started_at, s.data, {user_columns}
from audit.use_session(%(token_hash)s, %(idle)s, %(longest)s) s
left join audit.web_users u on u.user_id = s.user_id
limit 1
