SELECT run, node, idx
FROM (
  SELECT run, node, idx, count(*) OVER (PARTITION BY token) AS times
  FROM (
    SELECT run, node, idx, token FROM every_lease
    UNION ALL SELECT run, node, idx, token FROM attempt
    UNION ALL SELECT run, node, idx, token FROM every_task_end
              WHERE token IS NOT NULL
  ) AS used
) AS counted
WHERE times > 1 LIMIT 100
