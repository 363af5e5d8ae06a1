-- Those of a mapped node that is to go on: its own (idx -1), and of its instances
-- those that failed (5) or were cancelled (6).
DELETE FROM task_end
WHERE run = ?1 AND node = ?2 AND (idx = -1 OR state IN (5, 6))
