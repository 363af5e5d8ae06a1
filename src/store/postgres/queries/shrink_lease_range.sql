UPDATE lease_range SET count = new.count
FROM unnest(?1::bigint[], ?2::int[], ?3::bigint[], ?4::int[])
  AS new (of_run, node, last, count)
WHERE lease_range.of_run = new.of_run AND lease_range.node = new.node
  AND lease_range.last = new.last
