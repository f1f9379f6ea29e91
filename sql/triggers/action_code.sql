set local role audit_owner;

create or replace function audit.action_code(action text) returns "char"
language sql immutable parallel safe
as $$
  select code from unnest('{i,u,d,t,b,e,v,s,f,o,n,x,r,c}'::"char"[]) code where audit.action_name(code) = action
$$;

comment on function audit.action_code(text) is 'The code that audit.log stores for an action; null for what is none.';
