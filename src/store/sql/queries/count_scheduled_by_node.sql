SELECT run.definition, scheduled.node, count(*)
FROM scheduled JOIN run ON run.id = scheduled.run
GROUP BY run.definition, scheduled.node
