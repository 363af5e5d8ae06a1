SELECT p.run, p.node, p.idx, p.token, p.concurrency, p.rate, p.circuit, p.era
FROM unnest(?1::bigint[], ?2::int[], ?3::int[]) AS task (run, node, idx)
JOIN permit AS p ON p.run = task.run AND p.node = task.node
 AND p.idx = task.idx
