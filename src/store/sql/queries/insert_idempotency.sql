INSERT INTO idempotency (workflow, key, run) VALUES (?1, ?2, ?3)
