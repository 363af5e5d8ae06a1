SELECT envelope, source FROM cache WHERE key = ?1 AND created_at >= ?2
