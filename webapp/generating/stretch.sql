-- Events {first} + 1 to {first} + {events} as capture would have stored them, evenly from {start} to {until}. Four at a
-- time may come from one request, and then share transaction, person, program and address. Transaction numbers are
-- beyond those of this server, as in a log that was restored from another one.
with shape as materialized (
  select
    max(id) filter (where relation = 'contacts')         as contacts,
    max(id) filter (where relation = 'groups')           as groups,
    max(id) filter (where relation = 'contact_groups')   as members,
    max(id) filter (where relation = 'users')            as users,
    max(id) filter (where relation = 'user_permissions') as permissions
  from (
    select t.table_name as relation, audit.find_shape(audit.shape_now(t, audit.tracked_relation(t.tracked_id))) as id
    from audit.tracked t where t.schema_name = 'public') s
), subject as materialized (
  select audit.find_subject('report') as of_report, audit.find_subject('user') as of_person, audit.find_subject('contact') as of_contact
), list as materialized (
  select {first_names}::text[] as first_names, {last_names}::text[] as last_names, {companies}::text[] as companies,
         {cities}::text[] as cities, {notes}::text[] as notes, {groups}::text[] as groups, {people}::text[] as people
), numbered as (
  select {first}::bigint + i as n, i from generate_series(1, {events}::bigint) i
), asked as (
  select n, i, case when hashint8extended(n / 4, 0) & 3 = 0 then n / 4 * 4 else n end as request from numbered
), chosen as (
  select
    n, i, request, l.*,
    hashint8extended(n, 1) & 1023 as kind,
    1 + (hashint8extended(n, 2) & 2147483647) % {contacts}::bigint as contact,
    hashint8extended(n, 3) & 2147483647 as chance,
    -- Some people do much more than others.
    1 + floor(cardinality(l.people) * power((hashint8extended(request, 4) & 1048575) / 1048576.0::float8, 2))::integer as actor,
    hashint8extended(request, 5) & 1023 as program
  from asked cross join list l
), dressed as (
  select
    n, i, request, kind, contact, chance, actor, program,
    people[actor] as person,
    1 + chance % cardinality(people) as other,
    people[1 + chance % cardinality(people)] as other_person,
    1 + chance % cardinality(groups) as group_id,
    groups[1 + chance % cardinality(groups)] as group_name,
    first_names[1 + contact % cardinality(first_names)] as first_name,
    last_names[1 + contact / 7 % cardinality(last_names)] as last_name,
    companies[1 + contact % cardinality(companies)] as company,
    companies[1 + (contact + 1 + chance % 5) % cardinality(companies)] as other_company,
    '{{"city": "' || cities[1 + contact % cardinality(cities)] || '"}}' as address,
    notes[1 + chance % cardinality(notes)] || ' Order ' || n as note
  from chosen
), told as (
  select d.*,
    case when kind < 780 then row(contact, first_name, last_name, 'contact' || contact || '@example.net', '+00 555 ' || contact,
      company, address, null, '{{customer}}', '{{}}', null, '2025-10-01 08:00:00+00')::text end as was,
    case when kind < 600 then row(contact, first_name, last_name, 'contact' || contact || '@example.net',
      case when chance & 3 = 0 then '+00 555 ' || chance % 900000 else '+00 555 ' || contact end,
      case when chance & 3 = 1 then other_company else company end, address,
      case when chance & 3 > 1 then note end, '{{customer}}', '{{}}', null, '2025-10-01 08:00:00+00')::text end as becomes
  from dressed d
)
insert into audit.log (
  occurred_at, xact_id, shape_id, action, record_id, old_row, new_row, db_user, application, client_addr,
  actor_id, actor_name, request_id, context, record_label, imported_at)
select
  {start}::timestamptz + ({until}::timestamptz - {start}::timestamptz) * ((i - 0.5) / {events}::float8),
  (1000000000000 + request)::text::xid8,
  case when kind < 740 then contacts when kind < 840 then members when kind < 850 then groups when kind < 862 then users
       when kind < 870 then permissions when kind < 940 or kind >= 1015 then of_report when kind < 1005 then of_person else of_contact end,
  (case when kind < 600 then 'u' when kind < 710 then 'i' when kind < 740 then 'd' when kind < 820 then 'i' when kind < 840 then 'd'
        when kind < 862 then 'u' when kind < 870 then 'i' when kind < 940 then 'v' when kind < 975 then 's' when kind < 985 then 'f'
        when kind < 1005 then 'o' when kind < 1015 then 'e' else 'n' end)::"char",
  case when kind < 740 then contact when kind < 850 then group_id when kind < 870 then other when kind < 940 then null
       when kind < 1005 then actor end::text,
  case when kind < 600 then was
       when kind < 710 then null
       when kind < 740 then was
       when kind < 820 then null
       when kind < 840 then row(contact, group_id, '2025-10-01 08:00:00+00')::text
       when kind < 850 then row(group_id, group_name, null, '2025-10-01 08:00:00+00')::text
       when kind < 862 then row(other, other_person, 'user' || other || '@example.org', 'member', '*', true, null, '2025-10-01 08:00:00+00')::text
  end,
  case when kind < 600 then becomes
       when kind < 710 then was
       when kind < 740 then null
       when kind < 820 then row(contact, group_id, '2025-10-01 08:00:00+00')::text
       when kind < 840 then null
       when kind < 850 then row(group_id, group_name, note, '2025-10-01 08:00:00+00')::text
       when kind < 862 then row(other, other_person, 'user' || other || '@example.org', 'editor', '*', true, null, '2025-10-01 08:00:00+00')::text
       when kind < 870 then row(other, 'audit.view')::text
  end,
  case when program < 900 then 'contacts_web' when program < 1000 then 'crm_sync' else 'dba' end,
  case when program < 900 then 'contacts-web' when program < 980 then 'crm-sync' when program < 1000 then 'nightly-import' else 'psql' end,
  case when program >= 40 then ('192.0.2.' || 1 + program % 250)::inet end,
  case when program < 960 then actor end::text,
  case when program < 960 then person end,
  case when program < 900 then 'req-' || request end,
  case when kind between 870 and 939 then '{{"view": {{"page": "/reports/audit-log"}}}}'
       when kind between 1005 and 1014 then '{{"export": {{"format": "csv", "row_count": ' || chance % 9000 || '}}}}' end,
  case when kind between 940 and 1004 then person end,
  case when program between 960 and 979 then clock_timestamp() end
from told cross join shape cross join subject
order by i
