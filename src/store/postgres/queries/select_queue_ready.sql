SELECT lane.queue, sum(ready.count * ready.runs)::bigint, min(ready.ready_at)
FROM ready JOIN lane ON lane.id = abs(ready.lane)
GROUP BY lane.queue
