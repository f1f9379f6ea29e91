select v.view_id, v.owner, v.name, v.query, v.zone, v.opens_first from audit.views v
where v.view_id = %(view_id)s and (v.expires_at is null or v.expires_at > clock_timestamp())
