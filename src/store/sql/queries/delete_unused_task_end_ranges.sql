-- Of those that cover any of the runs from ?1 to ?2, those of which no run is
-- left.
DELETE FROM task_end_range
WHERE of_run = 0 AND last >= ?1 AND last < ?2 + 500 AND last - count < ?2
  AND NOT EXISTS (
    SELECT 1 FROM run
    WHERE run.id > task_end_range.last - task_end_range.count
      AND run.id <= task_end_range.last)
