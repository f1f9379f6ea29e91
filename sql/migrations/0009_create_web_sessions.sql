set local role audit_owner;

create table audit.web_sessions (
  session_id       bigint generated always as identity primary key,
  token_hash       bytea       not null unique,
  user_id          text,
  user_name        text,
  account          bytea,
  authenticated_at timestamptz,
  started_at       timestamptz not null default clock_timestamp(),
  last_seen_at     timestamptz not null default clock_timestamp(),
  client_addr      text,
  user_agent       text,
  data             jsonb       not null default '{}',
  constraint a_token_is_kept_as_its_sha256 check (length(token_hash) = 32),
  constraint a_signed_in_session_says_whose_it_is
    check ((user_id is null) = (account is null) and (user_id is null) = (authenticated_at is null)),
  constraint a_session_is_no_store check (length(data::text) <= 8192)
);
create index web_sessions_of_user on audit.web_sessions (user_id);

comment on table audit.web_sessions is
  'Who is signed in to the report, and from where. No role but the owner reads it; the web application goes through audit.begin_session() and its siblings. Only hashes of tokens are kept: nobody can sign in with what is here.';
comment on column audit.web_sessions.user_id is 'user_id of audit.web_users; null between the first step of signing in and the last.';
comment on column audit.web_sessions.account is 'Hash of password and permissions at sign-in: the session ends when they are others.';
comment on column audit.web_sessions.authenticated_at is 'When the person last proved who they are.';
comment on column audit.web_sessions.last_seen_at is 'Written once a minute at most.';
