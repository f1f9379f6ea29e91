set local role audit_owner;

-- How often signing in failed lately. One row counts for an address, one for an account from everywhere,
-- one for the pair of them. What was typed is not here: the web application hashes it with its key.
create table audit.sign_in_attempts (
  attempt_id    bigint      generated always as identity primary key,
  step          text        not null check (step in ('password', 'code')),
  address       inet,
  account       bytea,
  failures      integer     not null default 0 check (failures >= 0),
  blocked_until timestamptz,
  refused       integer     not null default 0,
  succeeded_at  timestamptz,
  last_at       timestamptz not null default clock_timestamp(),
  unique nulls not distinct (step, address, account),
  constraint a_row_counts_for_something check (address is not null or account is not null)
);
create index sign_in_attempts_last on audit.sign_in_attempts (last_at);

comment on table audit.sign_in_attempts is
  'Failed sign-ins of the last day, to slow down guessing. Cleans itself up; the owner may empty it at any time, which lets everybody try again at once.';
comment on column audit.sign_in_attempts.address is 'Null: from every address together. IPv6 counts by /64.';
comment on column audit.sign_in_attempts.account is 'Keyed hash of the login; null: for every account together.';
comment on column audit.sign_in_attempts.blocked_until is 'No attempt is looked at before; null: at once.';
comment on column audit.sign_in_attempts.refused is 'Attempts that were not even looked at since the last event about them.';
comment on column audit.sign_in_attempts.succeeded_at is 'This person has signed in from there: others cannot lock them out there.';
