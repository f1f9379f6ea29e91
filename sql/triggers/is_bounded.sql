set local role audit_owner;

create or replace function audit.is_bounded(written text, read jsonb) returns boolean
language sql immutable parallel safe
as $$
  select case
    -- A hundred levels take two hundred brackets.
    when length(written) >= 200 and jsonb_path_exists(read, 'strict $.**{100}') then false
    -- jsonb has all digits of 1e131071. In a text, that is no number.
    when written ~ '[0-9][eE][+-]?[0-9]{3}'
      then regexp_replace(written, '"(?:[^"\\]|\\.)*"', '', 'g') !~ '[eE][+-]?0*[1-9][0-9]{2}'
    else true
  end
$$;

comment on function audit.is_bounded(text, jsonb) is
  'Whether JSON can be shown as such, whoever wrote it: it is nested less than 100 deep, and none of its numbers has hundreds of times the digits that were written.';
grant execute on function audit.is_bounded(text, jsonb) to audit_web, audit_reader, audit_admin, audit_sealer;
