-- naming the user
begin;
select set_config('audit.actor_id', '42', true);
insert into contacts (first_name, last_name, email) values ('Ada', 'Lovelace', :'email');
commit;
-- end
