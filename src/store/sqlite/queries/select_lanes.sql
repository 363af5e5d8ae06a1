SELECT id, queue, type FROM lane
