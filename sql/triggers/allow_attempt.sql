set local role audit_owner;

create or replace function audit.allow_attempt(
  step             text,
  address          inet,
  account          bytea,
  out wait_seconds integer,
  out announce     boolean,
  out unannounced  integer
) language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  now_is    timestamptz := clock_timestamp();
  place     inet := coalesce(case family(address) when 6 then network(set_masklen(address, 64)) else address end, '::');
  -- What counts: the address, the account from there, the account from everywhere. A whole office may be behind
  -- one address; whoever guesses codes knows the password already.
  addresses inet[]    := array[place, place, null];
  accounts  bytea[]   := array[null, account, account];
  free      integer[] := array[50, 5, case step when 'code' then 10 else 20 end];
  longest   integer[] := array[300, 300, case step when 'code' then 900 else 30 end];
  counted   bigint[];
  found_row audit.sign_in_attempts;
begin
  delete from audit.sign_in_attempts a where a.attempt_id = any (array(
    select old.attempt_id from audit.sign_in_attempts old
    where old.last_at < now_is - interval '1 day'
      and (old.succeeded_at is null or old.last_at < now_is - interval '90 days')
    limit 20 for update skip locked));

  announce := false;
  unannounced := 0;
  -- Always in this order, so that two attempts wait for each other instead of deadlocking; and whoever is stopped
  -- by one row leaves none of the next: a flood of made-up logins fills nothing.
  for i in 1 .. 3 loop
    -- Where a person has signed in before, nobody elsewhere can lock them out.
    continue when i = 3 and found_row.succeeded_at is not null;
    insert into audit.sign_in_attempts as a (step, address, account)
    values (allow_attempt.step, addresses[i], accounts[i])
    on conflict on constraint sign_in_attempts_step_address_account_key do update
    set last_at = now_is, failures = case when a.last_at < now_is - interval '1 day' then 0 else a.failures end
    returning a.* into found_row;
    if found_row.blocked_until > now_is then
      wait_seconds := ceil(extract(epoch from found_row.blocked_until - now_is));
      announce := found_row.refused = 0;
      update audit.sign_in_attempts a set refused = a.refused + 1 where a.attempt_id = found_row.attempt_id;
      return;
    end if;
    counted[i] := found_row.attempt_id;
    unannounced := unannounced + greatest(found_row.refused - 1, 0);
  end loop;

  wait_seconds := 0;
  for i in 1 .. cardinality(counted) loop
    update audit.sign_in_attempts a
    set failures = a.failures + 1,
        refused = 0,
        -- 5 seconds after the last attempt that was free, then 10, 20 …
        blocked_until = case when a.failures + 1 >= free[i]
          then now_is + least(longest[i], 5 * 2 ^ least(a.failures + 1 - free[i], 20)) * interval '1 second' end
    where a.attempt_id = counted[i];
  end loop;
end
$$;

comment on function audit.allow_attempt(text, inet, bytea) is
  'Counts an attempt to sign in as failed before it is looked at, so that many at once are counted too; audit.attempt_succeeded() takes it back. wait_seconds > 0: not allowed yet. announce: the first such refusal, worth an event. unannounced: refusals since, to be told with the next event.';
grant execute on function audit.allow_attempt(text, inet, bytea) to audit_web;
