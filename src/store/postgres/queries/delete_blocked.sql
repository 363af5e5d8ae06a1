DELETE FROM blocked
USING unnest(?1::bigint[], ?2::int[], ?3::int[]) AS old (run, node, idx)
WHERE blocked.run = old.run AND blocked.node = old.node
  AND blocked.idx = old.idx
