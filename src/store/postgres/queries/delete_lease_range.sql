DELETE FROM lease_range USING unnest(?1::int[], ?2::bigint[]) AS old (node, run)
WHERE lease_range.node = old.node AND lease_range.run = old.run
