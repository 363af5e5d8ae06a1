DELETE FROM task_end
WHERE run = ?1 AND node = ?2 AND idx BETWEEN ?3 AND ?4
