-- Read again on every request: who was disabled or demoted is out on the next click.
select s.session_id, s.account, clock_timestamp() - s.authenticated_at as proved_ago, s.data, {user_columns.sql}
from audit.use_session(%(token_hash)s, %(idle)s, %(longest)s) s
left join audit.web_users u on u.user_id = s.user_id
limit 1
