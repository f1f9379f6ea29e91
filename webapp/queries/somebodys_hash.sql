-- One that can be verified, whoever's: it shows what verifying costs here.
select password_hash from audit.web_users where active and password_hash ~ '^(argon2|\$argon2|pbkdf2_sha256\$)' limit 1
