SELECT version FROM workflow WHERE name = ?1
