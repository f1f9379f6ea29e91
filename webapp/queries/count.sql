select count(*) from (select from {found} r where {conditions} limit %(limit)s) counted
