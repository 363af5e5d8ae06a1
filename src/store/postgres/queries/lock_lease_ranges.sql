-- Rows that cover any of some segments of consecutive tasks. No row stands for
-- more than 500.
SELECT l.of_run, l.node, l.last, l.count, l.token, l.executor, l.attempt,
       l.failures, l.crashes, l.scheduled_at, l.claimed_at
FROM unnest(?1::bigint[], ?2::int[], ?3::bigint[], ?4::bigint[])
  AS segment (of_run, node, first, last)
JOIN lease_range AS l
  ON l.of_run = segment.of_run AND l.node = segment.node
 AND l.last >= segment.first AND l.last < segment.last + 500
 AND l.last - l.count < segment.last
FOR UPDATE OF l
