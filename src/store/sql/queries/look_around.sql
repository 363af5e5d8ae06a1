-- What a sweep would find to do, and the time: who lives, which schedules are due
-- and when the next one is, whether timers are due and whether limits need tending.
WITH look AS (SELECT ?1 AS now)
SELECT look.now, found.what, found.name, found.id, found.pid, found.started, found.at
FROM look, (
  SELECT 'executor' AS what, host AS name, id, pid, process_start AS started,
         last_heartbeat + lease_ttl AS at
  FROM executor WHERE ended_at IS NULL
  UNION ALL
  SELECT 'schedule', workflow, 0, 0, 0, next_at FROM schedule, look
  WHERE NOT paused AND (next_at <= now OR queued_at IS NOT NULL)
  UNION ALL
  SELECT 'next schedule', '', 0, 0, 0, min(next_at) FROM schedule, look
  WHERE NOT paused AND next_at > now
  UNION ALL
  SELECT 'timers', '', 0, 0, 0, now FROM look
  WHERE EXISTS (SELECT 1 FROM timer WHERE due_at <= now)
  UNION ALL
  SELECT 'limits', '', 0, 0, 0, now FROM look
  WHERE EXISTS (SELECT 1 FROM idle_line)
     OR EXISTS (SELECT 1 FROM unclaimed_permit
                WHERE given_at <= now - ?2)
     OR EXISTS (SELECT 1 FROM unused_limiter WHERE keep_until < now)
) AS found
ORDER BY found.what, found.name, found.id
