-- Tasks that wait for what has happened already.
SELECT parked.run, parked.node, parked.idx
FROM parked
LEFT JOIN run ON run.id = parked.wake_run
LEFT JOIN cache_flight ON cache_flight.key = parked.wake_key
WHERE (parked.wake_run IS NOT NULL AND (run.state IS NULL OR run.state <> 0))
   OR (parked.wake_key IS NOT NULL AND cache_flight.key IS NULL)
LIMIT 100
