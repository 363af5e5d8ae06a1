SELECT run.definition, held.node, sum(held.runs)
FROM (SELECT run, node, 1 AS runs FROM lease
      UNION ALL SELECT run, node, runs FROM lease_range) AS held
JOIN run ON run.id = held.run
GROUP BY run.definition, held.node
