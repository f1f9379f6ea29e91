set local role audit_owner;

-- What changes from table to table is put into these two bodies. They name no column: is_current() is
-- answered when a statement is planned, and where it is false, the functions that do name columns are
-- not even looked at. So a column that is gone never makes its table unwritable.
create or replace function audit.capture_sql(tracked audit.tracked, action text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $capture$
declare
  shape   audit.shapes;
  parted  boolean := (select relkind = 'p' from pg_class where oid = audit.tracked_relation(tracked.tracked_id));
  -- Columns may be hidden, those of a partition may come in another order, and virtual ones have no value in a
  -- trigger: only the functions of the table's row type put that right.
  by_type boolean := parted or cardinality(tracked.exclude || tracked.mask) > 0
    or audit.whole_sql(audit.tracked_relation(tracked.tracked_id), 'captured') is not null;
  -- A row as it is stored: {row}, compared with {before} where columns are masked.
  image   text := $$case when pg_column_size({row}) <= 8192 then {row}::text else audit.large_{id}({row}, null) end$$;
begin
  select s.* into shape from audit.shapes s where s.shape_id = tracked.shape_id;
  if by_type then
    image := $$case when {current} then case when pg_column_size({row}) <= 8192 then audit.stored_{id}({row}, {before})
        else audit.large_{id}({row}, {before}) end end$$;
  end if;
  return audit.fill(case action when 'update' then $body$
declare
  found_rows bigint;
begin
  {unless applied}
  found_rows := (select count(*) from (select from captured limit 2) two);
  if found_rows = 0 then
    return null;
  elsif found_rows = 1 then  -- as mostly: nothing to pair
    insert into audit.log (shape_id, action, record_id, old_row, new_row)
    select {shape}, {u or k}, was.key, was.stored, became.stored
    from (
      select p.key, {stored} as stored
      from (select {key of previous} as key, audit.typed_{id}((previous.*)) as r from previous offset 0) p
    ) was cross join (
      select p.key, {stored} as stored
      from (select {key of captured} as key, audit.typed_{id}((captured.*)) as r from captured offset 0) p
    ) became
    where {current} and was.stored is distinct from became.stored;
  else
    -- Both tables hold the rows in the order in which they were changed. A full join is never done by looking up
    -- each row, whatever number of rows its plan was made for; "is distinct from" keeps it from becoming another.
    -- It gives many rows in no order, and two foreign keys may have changed one row twice.
    insert into audit.log (shape_id, action, record_id, old_row, new_row)
    select {shape}, {u or k}, was.key, was.stored, became.stored
    from (
      select p.place, p.key, {stored} as stored
      from (select row_number() over () as place, {key of previous} as key, audit.typed_{id}((previous.*)) as r from previous) p
    ) was full join (
      select p.place, p.key, {stored} as stored
      from (select row_number() over () as place, {key of captured} as key, audit.typed_{id}((captured.*)) as r from captured) p
    ) became using (place)
    where {current} and was.stored is distinct from became.stored
    order by place;
  end if;
  {if none}
    execute 'select audit.capture_slowly({id}, ''u'', was.r, became.r)
      from (select row_number() over () as place, audit.typed_{id}((previous.*)) as r from previous) was
      full join (select row_number() over () as place, audit.typed_{id}((captured.*)) as r from captured) became using (place)';
  end if;
  return null;
end
$body$ when 'insert' then $body$
begin
  {unless applied}
  insert into audit.log (shape_id, action, record_id, new_row)
  select {shape}, 'i', p.key, {stored}
  from (select {key of captured} as key, audit.typed_{id}((captured.*)) as r from captured offset 0) p
  where {current};
  {if none}
    execute 'select audit.capture_slowly({id}, ''i'', r.r, r.r) from (select audit.typed_{id}((captured.*)) as r from captured) r';
  end if;
  return null;
end
$body$ when 'delete' then $body$
begin
  {unless applied}
  if not exists (select from captured) then
    return null;  -- as when a foreign key looks for rows to take along
  end if;
  insert into audit.log (shape_id, action, record_id, old_row)
  select {shape}, 'd', p.key, {stored}
  from (select {key of captured} as key, audit.typed_{id}((captured.*)) as r from captured offset 0) p
  where {current};
  if not found then
    execute 'select audit.capture_slowly({id}, ''d'', r.r, r.r) from (select audit.typed_{id}((captured.*)) as r from captured) r';
  end if;
  return null;
end
$body$ else $body$
declare
  was    text;
  is_now text;
  moved  bigint;
  known  text;  -- the key that a moved row had
begin
  {only what is applied}
  if tg_op = 'UPDATE' then
    if old *= new then
      return null;
    end if;
    {images of an update}
    insert into audit.log (shape_id, action, record_id, old_row, new_row)
    select {shape}, {update}, {key of old}, was, is_now where {current and watched};
    if not found then
      perform audit.capture_slowly({id}, 'u', old, new);
    end if;
  elsif tg_op = 'DELETE' then{image of a delete}
    insert into audit.log (shape_id, action, record_id, old_row)
    select {shape}, 'd', {key of old}, {deleted} where {current and watched}{returning};
    if not found then
      moved := audit.capture_slowly({id}, 'd', old, old);
    end if;{after a delete}
  else
    {before an insert}
    insert into audit.log (shape_id, action, record_id, new_row{into moved})
    select {shape}, 'i', {key of the moved row}, {new}{moved} where {current and watched};
    if not found then
      perform audit.capture_slowly({id}, 'i', new, new, moved, known);
    end if;
  end if;
  return null;
end
$body$ end, array[
    '{images of an update}', case
      when by_type then e'select {old}, {after} into was, is_now where {current and watched};'
        || case when cardinality(tracked.exclude) > 0 then e'\n    if was = is_now then\n      return null;\n    end if;' else '' end
      else e'was := {old};\n    is_now := {after};' end,
    -- An expression of PL/pgSQL keeps from row to row what a statement makes anew for each.
    '{image of a delete}', case when not by_type then e'\n    was := {old};' end,
    '{deleted}', case when by_type then '{old}' else 'was' end,
    '{update}', case when shape.parent is not null or cardinality(shape.key) = 0 then $$'u'$$
      else $$case when {key of old} = {key of new} then 'u'::"char" else 'k' end$$ end,
    '{u or k}', case when shape.parent is not null or cardinality(shape.key) = 0 then $$'u'$$
      else $$case when was.key = became.key then 'u'::"char" else 'k' end$$ end,
    '{returning}', case when parted then ' returning event_id into moved' end,
    '{after a delete}', case when parted then e'\n    perform set_config(''audit.last_delete_'' || pg_trigger_depth(), moved::text, true);' end,
    '{before an insert}', case
      when parted then e'if current_setting(''audit.last_delete_'' || pg_trigger_depth(), true) <> '''' then\n      select m.event_id, m.record_id into moved, known from audit.moved_from({id}, new) m;\n    end if;'
      end,
    '{unless applied}', $$if current_setting('session_replication_role') = 'replica' and audit.in_replication_worker() then
    return null;  -- it fires no statement triggers when it applies, so there each row is captured
  end if;$$,
    '{only what is applied}', case when cardinality(tracked.by_statement) > 0 then audit.fill($$if tg_op = any ({actions}) and not audit.in_replication_worker() then
    return null;  -- captured by statement
  end if;$$, array['{actions}', format('%L', upper(tracked.by_statement::text))]) end,
    -- Nothing was changed, or the table has.
    '{if none}', $$if not found then
    perform where {current and watched};
  end if;
  if not found then$$,
    '{into moved}', case when parted then ', moved_from' end,
    '{moved}', case when parted then ', moved' end,
    '{old}', audit.fill(image, array['{row}', 'old', '{before}', 'old']),
    '{after}', audit.fill(image, array['{row}', 'new', '{before}', 'old']),
    '{new}', audit.fill(image, array['{row}', 'new', '{before}', 'new']),
    '{stored}', audit.fill(image, array['{row}', 'p.r', '{before}', 'p.r']),
    '{key of old}', 'case when {current} then audit.key_{id}(old) end',
    '{key of the moved row}', case when parted then 'coalesce(known, {key of new})' else '{key of new}' end,
    '{key of new}', 'case when {current} then audit.key_{id}(new) end',
    '{key of previous}', 'case when {current} then audit.key_{id}((previous.*)) end',
    '{key of captured}', 'case when {current} then audit.key_{id}((captured.*)) end',
    -- The view is never read: naming it makes the plan depend on the table.
    '{current and watched}', '{current} and case when false then exists (select from audit.watch_{id}) else true end',
    '{current}', 'audit.is_current({shape})',
    '{shape}', shape.shape_id::text,
    '{id}', tracked.tracked_id::text]);
end
$capture$;

comment on function audit.capture_sql(audit.tracked, text) is
  'The body of a capture function: that of the statement trigger for an action, or, without one, that of the row trigger.';
