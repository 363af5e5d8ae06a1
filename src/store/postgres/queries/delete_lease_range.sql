DELETE FROM lease_range
USING unnest(?1::bigint[], ?2::int[], ?3::bigint[]) AS old (of_run, node, last)
WHERE lease_range.of_run = old.of_run AND lease_range.node = old.node
  AND lease_range.last = old.last
