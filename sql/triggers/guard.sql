set local role audit_owner;

-- Statement triggers are not inherited, and a row trigger would not be there before a partition is
-- attached: so each table of the log has both.
create or replace function audit.guard(part regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('create or replace trigger refuse_mutation before update or delete on %s '
                 'for each statement execute function audit.refuse_mutation()', part);
  execute format('create or replace trigger refuse_truncate before truncate on %s '
                 'for each statement execute function audit.refuse_mutation()', part);
  execute format('alter table %1$s enable always trigger refuse_mutation, enable always trigger refuse_truncate', part);
end
$$;

comment on function audit.guard(regclass) is 'Makes one table of the log append-only.';
