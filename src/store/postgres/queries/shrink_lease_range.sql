UPDATE lease_range SET runs = new.runs
FROM unnest(?1::int[], ?2::bigint[], ?3::int[]) AS new (node, run, runs)
WHERE lease_range.node = new.node AND lease_range.run = new.run
