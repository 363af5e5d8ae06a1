INSERT INTO attempt_log (run, node, idx, attempt, token, place, written_at, last,
                         text)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
WHERE EXISTS (SELECT 1 FROM run WHERE id = ?1)
ON CONFLICT DO NOTHING
