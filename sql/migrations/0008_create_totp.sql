set local role audit_owner;

-- The second step of signing in. Secrets are encrypted with a key that is not in the database, codes for an
-- emergency are hashed: neither a backup nor the web login's own SQL gives anybody a code.
create table audit.totp (
  user_id    text        primary key,
  secret     bytea       not null,
  last_count bigint      not null,
  since      timestamptz not null default clock_timestamp()
);

create table audit.recovery_codes (
  user_id   text  not null references audit.totp on delete cascade,
  code_hash bytea not null check (length(code_hash) = 32),
  primary key (user_id, code_hash)
);

comment on table audit.totp is
  'Who signs in with a code from an authenticator app (RFC 6238) besides the password.';
comment on column audit.totp.user_id is 'user_id of audit.web_users.';
comment on column audit.totp.secret is 'Encrypted with a key made from AUDITLOG_SECRET_KEY: with another secret key it cannot be read, and each person sets up the app again.';
comment on column audit.totp.last_count is 'Time step of the last code that was used: neither it nor an older one is taken again.';
comment on table audit.recovery_codes is
  'Codes for those who have lost the authenticator app, each for once: a row is gone when it is used.';
