-- Cache keys that are held by nobody; whoever waits for one waits for ever.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM cache_flight LEFT JOIN every_lease AS lease ON lease.token = cache_flight.token
WHERE lease.token IS NULL LIMIT 100
