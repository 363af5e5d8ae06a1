INSERT INTO workflow (name, version) VALUES (?1, 0)
ON CONFLICT (name) DO NOTHING
