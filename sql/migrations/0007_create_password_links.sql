set local role audit_owner;

-- Links by which a person chooses a password. Only the hash is kept: nobody can use what is here.
create table audit.password_links (
  token_hash bytea       primary key check (length(token_hash) = 32),
  user_id    text        not null unique,
  expires_at timestamptz not null
);

comment on table audit.password_links is
  'Links by which a person chooses a password; one a person, the newest. Made by audit.issue_password_link(), gone when used.';
