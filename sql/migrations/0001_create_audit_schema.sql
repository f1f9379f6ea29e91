-- Roles are shared by a whole server, so another database, or another migration running at this
-- moment, may have made them already. That is not an error.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['audit_owner', 'audit_reader', 'audit_web', 'audit_sealer', 'audit_streamer', 'audit_admin'] loop
    begin
      if not exists (select from pg_roles where rolname = wanted) then
        execute format('create role %I nologin', wanted);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;

  -- TRUNCATE and export tickets read tracked tables as audit_owner: row security must not hide rows
  -- from the log. Only a superuser may give this; without it such a table is refused, never cut short.
  if (select rolsuper from pg_roles where rolname = current_user) then
    if not (select rolbypassrls from pg_roles where rolname = 'audit_owner') then
      alter role audit_owner bypassrls;
    end if;
  -- From PostgreSQL 16 on, who creates a role is its member, but may not yet act as it.
  elsif not pg_has_role(current_user, 'audit_owner',
                        case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end) then
    begin
      execute format('grant audit_owner to %I', current_user);
    exception when insufficient_privilege then
      raise exception 'the role audit_owner is on this server already, and % may not act as it', current_user
        using errcode = 'insufficient_privilege',
              hint = format('Let a superuser run: grant audit_owner to %I', current_user);
    end;
  end if;
end
$$;

create schema audit authorization audit_owner;

set local role audit_owner;

comment on schema audit is
  'Audit Log Report: who changed what, and when. Tables here are written by triggers only.';

-- USAGE lets every role reach audit.set_actor; each other object is granted by name or not at all.
grant usage on schema audit to public;

-- In this schema a new function is closed until a grant opens it.
alter default privileges for role audit_owner revoke execute on functions from public;

create table audit.migrations (
  name        text        primary key,
  checksum    text        not null,
  applied_at  timestamptz not null default clock_timestamp(),
  applied_by  text        not null default session_user,
  made        text,
  broken      boolean     not null default false
);

comment on table audit.migrations is
  'What auditlog migrate has applied: numbered files once each, functions again whenever they change.';
comment on column audit.migrations.made is
  'Fingerprint in audit.installed of what the file made. Null: nothing that is looked at again, or not by this user.';
comment on column audit.migrations.broken is
  'Whether that had been replaced when somebody last changed the schema; audit.replaced says whether it is now.';

-- "create or replace" keeps owner and grants, so whoever may replace a function takes its rights over.
create view audit.installed as
  select p.proname as name,
    md5(string_agg(concat_ws('|', p.pronargs, p.prosrc, p.proconfig, p.prosecdef, p.provolatile,
                             p.prolang, p.proowner::regrole), e'\n' order by p.prosrc)) as fingerprint
  from pg_proc p where p.pronamespace = 'audit'::regnamespace group by p.proname
  union all
  select 'watch_ddl', concat_ws('|', g.evtenabled, g.evtevent, g.evttags, g.evtfoid::regproc)
  from pg_event_trigger g where g.evtname = 'audit_follow_ddl';

comment on view audit.installed is
  'A fingerprint of the functions of each name in this schema, and of the event trigger under the name of its file.';

create view audit.replaced as
  select m.name from audit.migrations m left join audit.installed i on m.name = format('triggers/%s.sql', i.name)
  where m.made <> coalesce(i.fingerprint, 'gone');

comment on view audit.replaced is 'Files whose functions are gone, or no longer those that auditlog migrate made.';

grant select on audit.migrations to audit_web, audit_reader, audit_admin, audit_sealer, audit_streamer;
