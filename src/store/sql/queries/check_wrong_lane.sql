-- Claimable tasks of paused runs, and tasks of others that no claim looks at.
SELECT ready.run, ready.node, ready.idx
FROM every_ready AS ready JOIN run ON run.id = ready.run
WHERE run.paused <> (ready.lane < 0) LIMIT 100
