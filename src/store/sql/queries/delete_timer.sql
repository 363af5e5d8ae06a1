DELETE FROM timer
WHERE due_at = ?1 AND run = ?2 AND node = ?3 AND first = ?4 AND last = ?5
  AND kind = ?6
