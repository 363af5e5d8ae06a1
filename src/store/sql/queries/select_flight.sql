SELECT token FROM cache_flight WHERE key = ?1
