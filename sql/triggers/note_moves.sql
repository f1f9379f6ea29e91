set local role audit_owner;

create or replace function audit.note_moves() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  noted text := current_setting('audit.moving', true);
begin
  if tg_when = 'BEFORE' then
    insert into audit.moving (relation, outer_id) values (tg_relid, noted) returning moving_id::text into noted;
  elsif noted ~ '^\d{1,18}$' then
    delete from audit.moving m where m.moving_id = noted::bigint and m.xact_id = pg_current_xact_id() and m.relation = tg_relid
    returning m.outer_id into noted;
  end if;
  perform set_config('audit.moving', noted, true);
  return null;
end
$$;

comment on function audit.note_moves() is
  'Trigger before and after each UPDATE of a partitioned table: lets audit.moved_from() know that one runs.';
grant execute on function audit.note_moves() to audit_admin;
