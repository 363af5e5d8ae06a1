DELETE FROM scheduled
USING unnest(?1::bigint[], ?2::int[], ?3::int[]) AS old (run, node, idx)
WHERE scheduled.run = old.run AND scheduled.node = old.node
  AND scheduled.idx = old.idx
