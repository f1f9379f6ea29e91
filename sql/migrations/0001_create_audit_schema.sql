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
  applied_by  text        not null default session_user
);

comment on table audit.migrations is
  'What auditlog migrate has applied: numbered files once each, functions again whenever they change.';
grant select on audit.migrations to audit_web, audit_reader, audit_admin, audit_sealer, audit_streamer;
