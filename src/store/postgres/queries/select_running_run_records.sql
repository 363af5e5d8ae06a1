-- A run that goes on has a task that is claimable, claimed or waiting. So from one
-- such run to the next below it, as long as anyone wants more: see
-- select_run_records.sql. Those that share a row are at most 500 below its last.
WITH RECURSIVE priority (rank) AS (
  SELECT 0 UNION ALL SELECT rank + 1 FROM priority WHERE rank < 9
), line (lane, rank) AS MATERIALIZED (
  SELECT lane.id, priority.rank::smallint FROM lane, priority
  WHERE EXISTS (SELECT FROM ready
                WHERE ready.lane = lane.id AND ready.rank = priority.rank::smallint)
), live (id) AS (
  SELECT ?1::bigint
  UNION ALL
  SELECT (
    SELECT max(id) FROM (
      SELECT max(run) AS id FROM lease WHERE run < live.id
      UNION ALL SELECT max(run) FROM scheduled WHERE run < live.id
      UNION ALL SELECT max(run) FROM parked WHERE run < live.id
      UNION ALL SELECT max(run) FROM blocked WHERE run < live.id
      UNION ALL
      SELECT max(of_run) FROM lease_range WHERE of_run > 0 AND of_run < live.id
      UNION ALL
      SELECT max(last) FROM lease_range WHERE of_run = 0 AND last < live.id
      UNION ALL
      SELECT live.id - 1 WHERE EXISTS (
        SELECT FROM lease_range
        WHERE of_run = 0 AND last >= live.id AND last < live.id + 500
          AND last - count < live.id - 1)
      UNION ALL
      SELECT (SELECT max(run) FROM ready
              WHERE ready.lane = line.lane AND ready.rank = line.rank
                AND run < live.id)
      FROM line
      UNION ALL
      SELECT live.id - 1 FROM line WHERE EXISTS (
        SELECT FROM ready
        WHERE ready.lane = line.lane AND ready.rank = line.rank
          AND run >= live.id AND run < live.id + 500
          AND run - runs < live.id - 1)
    ) AS below)
  FROM live WHERE live.id IS NOT NULL
)
SELECT run_record.id, workflow, state, paused, params, labels, created_at,
       started_at, finished_at, attempt, reason, parent, idempotency_key
-- One after the other, in the order of live: another plan would have to find all
-- of them to sort them.
FROM live, LATERAL (
  SELECT * FROM run_record WHERE run_record.id = live.id OFFSET 0
) AS run_record
WHERE live.id < ?1::bigint AND (?2::text = '' OR workflow = ?2::text)
  AND state = ?4::smallint AND NOT paused
LIMIT ?3
