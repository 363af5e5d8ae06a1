-- As lock_ready, but each rank of a lane from a run on.
SELECT r.lane, r.rank, r.run, r.node, r.idx, r.count, r.attempt, r.failures,
       r.crashes, r.scheduled_at, r.ready_at, r.runs, r.definition, r.input
FROM unnest(?1::int[]) AS wanted (lane)
CROSS JOIN LATERAL (
  SELECT front.*
  FROM unnest(?2::int[], ?3::smallint[], ?4::bigint[])
    AS start (lane, rank, run)
  CROSS JOIN LATERAL (
    SELECT * FROM ready
    WHERE ready.lane = start.lane AND ready.rank = start.rank
      AND ready.run >= start.run
    ORDER BY lane, rank, run, node, idx LIMIT ?5
    FOR UPDATE SKIP LOCKED
  ) AS front
  WHERE start.lane = wanted.lane
  LIMIT ?5
) AS r
ORDER BY r.rank, r.run, r.node, r.idx
