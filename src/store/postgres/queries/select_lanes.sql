SELECT lane.id, lane.queue, lane.type, coalesce(queue.paused, false)
FROM lane LEFT JOIN queue ON queue.name = lane.queue
