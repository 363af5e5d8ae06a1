INSERT INTO saved (run, node, idx, name, envelope) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (run, node, idx, name) DO UPDATE SET envelope = excluded.envelope
