-- Those that cover any of the runs from ?1 to ?2.
SELECT 1 FROM task_end_range
WHERE of_run = 0 AND last >= ?1 AND last < ?2 + 500 AND last - count < ?2
ORDER BY node, last
FOR UPDATE
