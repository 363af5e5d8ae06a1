-- Limiters by id (?1) or kind and key (?2), as JSON; with ?3 also those that
-- tasks wait for together with them. In the order of their ids, which is the
-- order in which all lock limiters.
WITH named AS (
  SELECT value::bigint AS id FROM json_array_elements_text(?1::json)
  UNION
  SELECT limiter.id
  FROM json_array_elements(?2::json) AS wanted
  JOIN limiter ON limiter.kind = (wanted ->> 0)::smallint
   AND limiter.key = wanted ->> 1
), together AS (
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.concurrency = named.id
  WHERE ?3::boolean
  UNION
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.rate = named.id
  WHERE ?3::boolean
  UNION
  SELECT line.concurrency, line.rate, line.circuit
  FROM named JOIN limit_line AS line ON line.circuit = named.id
  WHERE ?3::boolean
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
FOR UPDATE OF limiter
