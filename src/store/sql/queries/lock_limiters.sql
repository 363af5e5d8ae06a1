-- Limiters by id (?1) or kind and key (?2), as JSON; with ?3 also those that
-- tasks wait for together with them.
WITH named AS (
  SELECT value AS id FROM json_each(?1)
  UNION
  SELECT limiter.id
  FROM json_each(?2) AS wanted
  JOIN limiter ON limiter.kind = json_extract(wanted.value, '$[0]')
   AND limiter.key = json_extract(wanted.value, '$[1]')
), together AS (
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.concurrency = named.id WHERE ?3
  UNION
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.rate = named.id WHERE ?3
  UNION
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.circuit = named.id WHERE ?3
)
SELECT id, kind, key, most, period, ruled_by, taken, starts, waiting, threshold,
       failures, open_until, era, allowed, decreased_at, window_ends,
       window_time, window_full
FROM limiter
WHERE id IN (SELECT id FROM named
             UNION SELECT concurrency FROM together
             UNION SELECT rate FROM together
             UNION SELECT circuit FROM together)
ORDER BY id
