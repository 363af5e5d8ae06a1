SELECT i.run, input.params
FROM idempotency AS i
JOIN run ON run.id = i.run
JOIN input ON input.id = run.input
WHERE i.workflow = ?1 AND i.key = ?2
