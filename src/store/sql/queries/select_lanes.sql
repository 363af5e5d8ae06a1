SELECT lane.id, lane.queue, lane.type, coalesce(queue.paused, 0)
FROM lane LEFT JOIN queue ON queue.name = lane.queue
