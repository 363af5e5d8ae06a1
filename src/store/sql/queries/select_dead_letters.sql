-- json_each over an empty list of ids stands for all of them.
SELECT d.id, d.run, d.node, d.idx, d.attempts, d.failed_at, d.error,
       definition.name, run.definition
FROM dead_letter AS d
JOIN run ON run.id = d.run
JOIN definition ON definition.id = run.definition
WHERE (?1 = '[]' OR d.id IN (SELECT value FROM json_each(?1)))
  AND (?2 = '' OR definition.name = ?2)
  AND (?3 IS NULL OR d.run = ?3)
  AND (?4 = '' OR d.error_type = ?4)
ORDER BY d.id LIMIT ?5
