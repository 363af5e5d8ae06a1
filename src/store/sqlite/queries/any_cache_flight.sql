SELECT 1 FROM cache_flight LIMIT 1
