DELETE FROM parked
USING unnest(?1::bigint[], ?2::int[], ?3::int[]) AS old (run, node, idx)
WHERE parked.run = old.run AND parked.node = old.node
  AND parked.idx = old.idx
