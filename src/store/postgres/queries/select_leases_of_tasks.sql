SELECT l.run, l.node, l.idx, l.token, l.executor, l.attempt, l.failures,
       l.crashes, l.scheduled_at, l.claimed_at, l.stopping
FROM unnest(?1::bigint[], ?2::int[], ?3::int[]) AS task (run, node, idx)
JOIN lease AS l ON l.run = task.run AND l.node = task.node AND l.idx = task.idx
