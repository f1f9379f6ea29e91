select s.behind_since, s.lag from audit.search_status() s
