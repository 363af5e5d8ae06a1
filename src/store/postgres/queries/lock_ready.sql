-- The first claimable tasks of some lanes, locked; rows that others have locked
-- are passed over. The order is that of the index, in each lane and overall.
-- A last row without a lane says in `run` how many microseconds that took.
SELECT found.*
FROM (
  SELECT r.lane, r.rank, r.run, r.node, r.idx, r.count, r.attempt, r.failures,
         r.crashes, r.scheduled_at, r.ready_at, r.runs, r.definition, r.input
  FROM unnest(?1::int[]) AS wanted (lane)
  CROSS JOIN LATERAL (
    SELECT * FROM ready WHERE ready.lane = wanted.lane
    ORDER BY lane, rank, run, node, idx LIMIT ?2
    FOR UPDATE SKIP LOCKED
  ) AS r
  ORDER BY r.rank, r.run, r.node, r.idx
) AS found
UNION ALL
SELECT NULL, NULL,
       (extract(epoch FROM clock_timestamp() - statement_timestamp())
        * 1000000)::bigint,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
