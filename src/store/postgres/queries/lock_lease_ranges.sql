-- Rows that cover any run of some segments of consecutive ones. No row stands
-- for more than 500 runs.
SELECT l.node, l.run, l.runs, l.token, l.executor, l.attempt, l.failures,
       l.crashes, l.scheduled_at, l.claimed_at
FROM unnest(?1::int[], ?2::bigint[], ?3::bigint[])
  AS segment (node, first, last)
JOIN lease_range AS l
  ON l.node = segment.node AND l.run >= segment.first
 AND l.run < segment.last + 500 AND l.run - l.runs < segment.last
FOR UPDATE OF l
