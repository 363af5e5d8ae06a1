-- What the first claimable tasks of some lanes were submitted with.
SELECT id, params, labels, base_dir FROM input
WHERE id IN (
  SELECT r.input
  FROM unnest(?1::int[]) AS wanted (lane)
  CROSS JOIN LATERAL (
    SELECT input FROM ready WHERE ready.lane = wanted.lane
    ORDER BY lane, rank, run, node, idx LIMIT ?2
  ) AS r)
