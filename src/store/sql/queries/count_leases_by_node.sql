SELECT run.definition, lease.node, count(*)
FROM lease JOIN run ON run.id = lease.run
GROUP BY run.definition, lease.node
