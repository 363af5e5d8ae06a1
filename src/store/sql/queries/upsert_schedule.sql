INSERT INTO schedule (workflow, definition, input, paused, next_at, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (workflow) DO UPDATE SET
  definition = excluded.definition, input = excluded.input,
  next_at = excluded.next_at
