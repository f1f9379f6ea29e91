set local role audit_owner;

create or replace function audit.end_session(token_hash bytea, reason text, session_id bigint default null) returns integer
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select audit.end_sessions(array(
    select other.session_id
    from audit.web_sessions mine
    join audit.web_sessions other on other.user_id = mine.user_id or other.session_id = mine.session_id
    where mine.token_hash = $1 and other.session_id = coalesce($3, mine.session_id)), reason)
$$;

comment on function audit.end_session(bytea, text, bigint) is
  'Ends the session of a token, or with a number another one of the same person; records it. Returns 0 when there is no such session, or it is somebody else''s.';
grant execute on function audit.end_session(bytea, text, bigint) to audit_web;
