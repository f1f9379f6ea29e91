select name from audit.web_users
where active and 'audit.manage' = any (permissions) order by name limit 3
