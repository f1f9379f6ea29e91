set local role audit_owner;

create or replace function audit.regenerate("table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
begin
  if cardinality(tracked.exclude || tracked.mask) = 0 then
    tracked.visible := array(select c.name from audit.columns_of("table") c);
  end if;
  -- What goes by a hidden name now stays hidden when it is renamed.
  tracked.hidden := array(
    select unnest(tracked.hidden)
    union
    select c.number from audit.columns_of("table") c where c.name = any (tracked.exclude || tracked.mask));
  tracked.by_statement := audit.captures_by_statement(tracked, "table");
  perform audit.generate_capture(tracked, "table");
end
$$;

comment on function audit.regenerate(regclass) is 'The first half of audit.refresh(): the functions.';
grant execute on function audit.regenerate(regclass) to audit_admin;
