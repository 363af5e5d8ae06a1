-- The last attempts of instances that failed (5) or were cancelled (6), before
-- what they led to is forgotten.
INSERT INTO attempt (run, token, node, idx, attempt, outcome, executor,
                     started_at, finished_at, error)
SELECT run, token, node, idx, attempt, outcome, executor, started_at,
       finished_at, error
FROM task_end
WHERE run = ?1 AND node = ?2 AND state IN (5, 6) AND outcome IS NOT NULL
