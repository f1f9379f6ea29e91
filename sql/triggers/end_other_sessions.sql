set local role audit_owner;

create or replace function audit.end_other_sessions(token_hash bytea, reason text) returns integer
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select audit.end_sessions(array(
    select other.session_id
    from audit.web_sessions mine
    join audit.web_sessions other on other.user_id = mine.user_id and other.session_id <> mine.session_id
    where mine.token_hash = $1), reason)
$$;

comment on function audit.end_other_sessions(bytea, text) is
  'Ends all sessions of the person but the one of this token, and records each; returns how many there were.';
grant execute on function audit.end_other_sessions(bytea, text) to audit_web;
