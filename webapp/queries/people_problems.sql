select problem, cure from audit.check_web_users()
