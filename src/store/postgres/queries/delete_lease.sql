DELETE FROM lease
USING unnest(?1::bigint[], ?2::int[], ?3::int[]) AS old (run, node, idx)
WHERE lease.run = old.run AND lease.node = old.node AND lease.idx = old.idx
