SELECT nextval('run_id') FROM generate_series(1, ?1)
