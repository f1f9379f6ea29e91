set local role audit_owner;

create or replace function audit.csv_text(value text) returns text
language sql immutable parallel safe
as $$
  select case when value ~ '^[=+\-@\t\r\n＝＋－＠]' then '''' || value else value end
$$;

comment on function audit.csv_text(text) is
  'A text that a spreadsheet will not take for a formula: an apostrophe goes before a leading = + - @, tab or line break.';
grant execute on function audit.csv_text(text) to audit_web, audit_reader, audit_admin;
