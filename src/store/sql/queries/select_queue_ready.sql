SELECT lane.queue, sum(ready.count), min(ready.ready_at)
FROM ready JOIN lane ON lane.id = abs(ready.lane)
GROUP BY lane.queue
