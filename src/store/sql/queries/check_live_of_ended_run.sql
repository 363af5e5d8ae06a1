-- What lives on although its run has ended or does not exist. Attempts that are
-- being stopped may.
SELECT live.run, live.node, live.idx
FROM (
  SELECT run, node, idx FROM every_ready
  UNION ALL SELECT run, node, idx FROM blocked
  UNION ALL SELECT run, node, idx FROM scheduled
  UNION ALL SELECT run, node, idx FROM parked
  UNION ALL SELECT run, node, idx FROM every_lease WHERE NOT stopping
  UNION ALL SELECT run, node, first FROM timer
) AS live
LEFT JOIN run ON run.id = live.run
WHERE run.state IS NULL OR run.state <> 0 LIMIT 100
