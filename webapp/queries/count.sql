select count(*) from (select from audit.report r where {conditions} limit %(limit)s) counted
