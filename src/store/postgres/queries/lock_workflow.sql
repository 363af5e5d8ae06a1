SELECT version FROM workflow WHERE name = ?1 FOR UPDATE
