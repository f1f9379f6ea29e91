set local role audit_owner;

create or replace function audit.record_view(details jsonb, session text default '') returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  window_ constant interval := '30 minutes';
  key     bytea;
  earlier integer;
begin
  key := sha256(convert_to(jsonb_build_array(
    session_user, session, details, current_setting('audit.actor_id', true),
    audit.context_of(current_setting('audit.context', true)))::text, 'UTF8'));
  update audit.recent_views v set repeats = v.repeats + 1
  where v.fold = key and v.since > clock_timestamp() - window_;
  if found then
    perform set_config('synchronous_commit', 'off', true);  -- no page waits for the disk for a counter
    return null;
  end if;

  select v.repeats into earlier from audit.recent_views v where v.fold = key;
  insert into audit.recent_views as v (fold) values (key)
  on conflict (fold) do update set since = clock_timestamp(), repeats = 0
  where v.since <= clock_timestamp() - window_;
  if not found then  -- the same page twice at one moment
    return null;
  end if;
  perform audit.end_lost_exports();  -- for whoever looks next
  delete from audit.recent_views v where v.since < clock_timestamp() - interval '1 day';
  return audit.record_event('report', 'view', details => details || jsonb_build_object('repeats', nullif(earlier, 0)));
end
$$;

comment on function audit.record_view(jsonb, text) is
  'Records that the actor looks at the report. Identical views of the same session within 30 minutes fold into one event; the next one says how many there were. Returns the event, or null for a view that folded.';
grant execute on function audit.record_view(jsonb, text) to audit_web;
