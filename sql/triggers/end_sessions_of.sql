set local role audit_owner;

create or replace function audit.end_sessions_of(user_id text default null) returns integer
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select audit.end_sessions(array(
    select s.session_id from audit.web_sessions s where s.user_id = $1 or $1 is null), 'administrator')
$$;

comment on function audit.end_sessions_of(text) is
  'Signs a person out of the report everywhere, or without a user_id everybody; records each and returns how many sessions there were.';
grant execute on function audit.end_sessions_of(text) to audit_admin;
