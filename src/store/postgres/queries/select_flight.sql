-- Locked, so that whoever ends the flight sees who waits for it.
SELECT token FROM cache_flight WHERE key = ?1 FOR SHARE
