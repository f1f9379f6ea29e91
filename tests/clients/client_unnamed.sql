insert into contacts (first_name, last_name, email) values ('Ada', 'Lovelace', :'email');
