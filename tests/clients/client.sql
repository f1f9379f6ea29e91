-- naming the user
begin;
select audit.set_actor('42', 'Priya Raman');
insert into contacts (first_name, last_name, email) values ('Ada', 'Lovelace', :'email');
commit;
-- end
