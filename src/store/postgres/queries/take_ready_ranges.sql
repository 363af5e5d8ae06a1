-- Rows that are being claimed are left to whoever claims them.
DELETE FROM ready
USING (
  SELECT lane, rank, run, node, idx FROM ready
  WHERE lane = ?1 AND rank = ?2 AND run = ?3 AND node = ?4 AND count > 1
  FOR UPDATE SKIP LOCKED
) AS free
WHERE ready.lane = free.lane AND ready.rank = free.rank AND ready.run = free.run
  AND ready.node = free.node AND ready.idx = free.idx
RETURNING ready.idx, ready.count, ready.attempt, ready.failures, ready.crashes,
          ready.scheduled_at
