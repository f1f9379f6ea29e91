set local role audit_owner;

-- What the report was narrowed to, in its query language: searches that must not be in an address, for a while, and
-- views that people have saved. A view is known by whoever has its id, which nobody can guess.
create table audit.views (
  view_id     text        primary key default replace(gen_random_uuid()::text, '-', ''),
  owner       text        not null,
  name        text,
  query       text        not null,
  zone        text,
  filter      jsonb,
  opens_first boolean     not null default false,
  made_at     timestamptz not null default clock_timestamp(),
  expires_at  timestamptz,
  constraint a_saved_view_has_a_name_and_a_search_an_end check ((name is null) = (expires_at is not null)),
  constraint a_saved_view_says_whose_days_it_means check ((name is null) = (zone is null)),
  constraint what_opens_first_is_saved check (not opens_first or name is not null),
  constraint a_name_can_be_read check (name = trim(name) and length(name) between 1 and 80),
  constraint a_view_is_no_store check (length(query) <= 8000 and length(filter::text) <= 64000),
  unique (owner, name)
);
create index views_of_owner on audit.views (owner, made_at);
create unique index one_view_opens_first on audit.views (owner) where opens_first;

comment on table audit.views is
  'Saved views of the report, and searches that are kept out of addresses until they expire. Holds what people looked for, not what they found.';
comment on column audit.views.owner is 'user_id of audit.web_users.';
comment on column audit.views.name is 'Null for a search that expires.';
comment on column audit.views.query is 'In the query language of the report.';
comment on column audit.views.filter is 'The same as an export records it: by it a view that names an erased record is found.';
comment on column audit.views.opens_first is 'Whether the report opens with it when its owner asks for nothing else.';
grant select on audit.views to audit_web;
