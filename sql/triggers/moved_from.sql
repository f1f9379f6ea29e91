set local role audit_owner;

-- A row that moves to another partition is deleted in one and inserted in the other by one command: so
-- the row is older than the event of its delete. The setting audit.last_delete only says where to look.
create or replace function audit.moved_from(tracked_id integer, is_now record) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  hint     text := current_setting('audit.last_delete', true);
  deleted  bigint;
  at       bigint;
  command  bigint;
  key      text[];
begin
  perform set_config('audit.last_delete', '', true);
  if hint !~ '^\d{1,18}$' then
    return null;
  end if;
  select l.event_id, l.cmin::text::bigint, s.key into deleted, at, key
  from audit.log l join audit.shapes s on s.shape_id = l.shape_id
  where l.event_id = hint::bigint and l.occurred_at >= statement_timestamp()
    and l.xact_id = pg_current_xact_id() and l.action = 'd' and s.tracked_id = moved_from.tracked_id;
  if deleted is null or cardinality(key) = 0 then
    return null;
  end if;
  execute format('select max(r.cmin::text::bigint) from %s r, (select ($1).*) is_now where %s',
                 audit.tracked_relation(tracked_id),
                 (select string_agg(format('r.%1$I = is_now.%1$I', k), ' and ') from unnest(key) k))
    into command using is_now;
  return case when command < at then deleted end;
end
$$;

comment on function audit.moved_from(integer, record) is
  'For a row that was just inserted into a partition: the event of its delete in another one by the same command, or null.';
