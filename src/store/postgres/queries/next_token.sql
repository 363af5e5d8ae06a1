SELECT nextval('lease_token')
