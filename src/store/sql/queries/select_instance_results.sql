SELECT idx, kind, media_type, size, sha256, encoding, value, uri, metadata
FROM task_end
WHERE run = ?1 AND node = ?2 AND idx >= 0 AND state = 4
