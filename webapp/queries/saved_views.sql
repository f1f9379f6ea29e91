select v.view_id, v.owner, v.name, v.query, v.zone, v.opens_first from audit.views v
where v.owner = %(owner)s and v.name is not null
order by lower(v.name), v.name
