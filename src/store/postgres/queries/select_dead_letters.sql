-- No ids stand for all of them.
SELECT d.id, d.run, d.node, d.idx, d.attempts, d.failed_at, d.error,
       definition.name, run.definition
FROM dead_letter AS d
JOIN run ON run.id = d.run
JOIN definition ON definition.id = run.definition
WHERE (?1::text = '[]' OR d.id IN (SELECT value::bigint
                                   FROM json_array_elements_text(?1::json)))
  AND (?2::text = '' OR definition.name = ?2::text)
  AND (?3::bigint IS NULL OR d.run = ?3::bigint)
  AND (?4::text = '' OR d.error_type = ?4::text)
ORDER BY d.id LIMIT ?5
