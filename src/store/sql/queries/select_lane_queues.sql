SELECT id, queue FROM lane
