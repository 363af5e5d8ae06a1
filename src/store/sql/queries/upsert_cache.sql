INSERT INTO cache (key, envelope, source, created_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (key) DO UPDATE SET envelope = excluded.envelope,
  source = excluded.source, created_at = excluded.created_at
