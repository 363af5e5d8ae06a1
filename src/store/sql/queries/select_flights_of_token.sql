SELECT key FROM cache_flight WHERE token = ?1
