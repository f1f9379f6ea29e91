set local role audit_owner;

-- The report as people read it. The web page, the exports and a DBA with SQL all read this view,
-- so that they cannot disagree.
create view audit.report with (security_barrier = false) as
select
  e.event_id,
  e.occurred_at,
  case
    when e.action = 'export' then 'exports'
    when e.action in ('view', 'sign_in', 'sign_in_failed', 'sign_out', 'denied') then 'access'
    when e.action in ('erase', 'retain', 'configure') then 'settings'
    when e.entity in ('contact', 'group', 'user') then e.entity || 's'
    else 'other'
  end as category,
  e.action,
  e.entity,
  e.record_id,
  -- A row that belongs to a record (a membership, a permission) carries no name of its own, and
  -- finding one is not the writer's work: take the last name that the record was known by.
  coalesce(e.record_label, (
    select named.record_label
    from audit.events named
    where hashtextextended(named.record_id, 0) = hashtextextended(e.record_id, 0)
      and named.record_id is not null
      and named.record_id = e.record_id
      and named.entity = e.entity
      and named.record_label is not null
      and named.occurred_at <= e.occurred_at
    order by named.occurred_at desc, named.event_id desc
    limit 1)) as record_label,
  e.changed_fields,
  e.before,
  e.after,
  e.actor_id,
  e.actor_name,
  e.db_user,
  e.application,
  e.client_addr,
  e.request_id,
  e.context,
  e.schema_name,
  e.table_name,
  e.xact_id,
  e.imported_at
from audit.events e;

comment on view audit.report is
  'The audit log as people read it: audit.events with its category, and each record by its name. Grant audit_reader to auditors.';
grant select on audit.report to audit_reader, audit_web;

-- The one place where the web application learns who may sign in and what they may do.
-- Point it at your own tables with CREATE OR REPLACE VIEW; keep names and types of the columns.
create view audit.web_users as
select
  null::text    as user_id,
  null::text    as login,
  null::text    as name,
  null::text    as password_hash,
  null::boolean as active,
  null::text[]  as permissions
where false;

comment on view audit.web_users is
  'Who may sign in to the report: user_id, login (what they type), name, password_hash (argon2), active, permissions (audit.view, audit.export, audit.manage, audit.erase).';
grant select on audit.web_users to audit_web;
