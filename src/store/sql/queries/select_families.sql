-- Runs without a parent after ?1 and up to ?2, and all below them: a run, the one
-- at the top of its family, how it ended and when.
SELECT id, coalesce(root, id), state, finished_at FROM run
WHERE (id > ?1 AND id <= ?2 AND root IS NULL) OR (root > ?1 AND root <= ?2)
