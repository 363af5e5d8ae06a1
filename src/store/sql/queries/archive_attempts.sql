-- The last attempts of the node's tasks, before what they led to is forgotten.
INSERT INTO attempt (run, token, node, idx, attempt, outcome, executor,
                     started_at, finished_at, error)
SELECT run, token, node, idx, attempt, outcome, executor, started_at,
       finished_at, error
FROM task_end
WHERE run = ?1 AND node = ?2 AND idx BETWEEN ?3 AND ?4 AND outcome IS NOT NULL
