INSERT INTO dead_letter (run, node, idx, attempts, failed_at, error_type, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (run, node, idx) DO UPDATE SET
  attempts = excluded.attempts, failed_at = excluded.failed_at,
  error_type = excluded.error_type, error = excluded.error
