-- Running runs of which nothing will ever happen again.
SELECT id, -1 AS node, -1 AS idx
FROM (
  SELECT id FROM run WHERE state = 0
  EXCEPT SELECT run FROM every_ready
  EXCEPT SELECT run FROM scheduled
  EXCEPT SELECT run FROM blocked
  EXCEPT SELECT run FROM parked
  EXCEPT SELECT run FROM every_lease
) AS stuck LIMIT 100
