-- How far a run is; the rest of it has not changed.
UPDATE run SET state = ?2, started_at = ?3, finished_at = ?4, progress = ?5
WHERE id = ?1
