set local role audit_owner;

create or replace function audit.end_sessions(ids bigint[], reason text) returns integer
language sql
set search_path = pg_catalog, pg_temp
as $$
  with ended as (
    delete from audit.web_sessions s where s.session_id = any (ids)
    returning s.session_id, s.user_id, s.user_name
  )
  select count(audit.record_event('user', 'sign_out', e.user_id, e.user_name,
                                  jsonb_build_object('session', e.session_id, 'reason', reason)))
           filter (where e.user_id is not null)::integer
  from ended e
$$;

comment on function audit.end_sessions(bigint[], text) is
  'Ends sessions and records each as sign_out, with the reason; returns how many of them were signed in. For the functions of this schema only.';
