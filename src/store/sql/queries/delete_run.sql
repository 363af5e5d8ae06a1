-- A trigger deletes what belongs to it.
DELETE FROM run WHERE id = ?1
