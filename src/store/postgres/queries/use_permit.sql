UPDATE permit SET token = new.token
FROM unnest(?1::bigint[], ?2::int[], ?3::int[], ?4::bigint[])
  AS new (run, node, idx, token)
WHERE permit.run = new.run AND permit.node = new.node AND permit.idx = new.idx
