-- Tasks in more than one of ready, blocked, scheduled, parked, lease and
-- task_end: where a row begins before an earlier one of its node has ended.
SELECT run, node, first
FROM (
  SELECT run, node, first,
         max(last) OVER (PARTITION BY run, node ORDER BY first, last
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
           AS taken
  FROM (
    SELECT run, node, idx - count + 1 AS first, idx AS last FROM every_ready
    UNION ALL SELECT run, node, idx - count + 1, idx FROM blocked
    UNION ALL SELECT run, node, idx, idx FROM scheduled
    UNION ALL SELECT run, node, idx, idx FROM parked
    UNION ALL SELECT run, node, idx, idx FROM every_lease
    UNION ALL SELECT run, node, idx, idx FROM every_task_end
  ) AS place
) AS placed
WHERE first <= taken LIMIT 100
