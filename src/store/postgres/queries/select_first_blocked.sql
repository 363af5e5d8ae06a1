-- The first of a line that may be let go: not of paused runs, which have
-- negative lanes, nor of paused queues.
SELECT turn, lane, rank, run, node, idx, count, attempt, failures, crashes,
       scheduled_at
FROM blocked
WHERE concurrency = ?1 AND rate = ?2 AND circuit = ?3 AND lane > 0
  AND NOT EXISTS (
    SELECT 1 FROM lane JOIN queue ON queue.name = lane.queue
    WHERE lane.id = blocked.lane AND queue.paused)
ORDER BY turn, run, node, idx LIMIT ?4
FOR UPDATE OF blocked SKIP LOCKED
