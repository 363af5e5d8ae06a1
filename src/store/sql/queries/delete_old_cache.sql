DELETE FROM cache WHERE created_at < ?1
