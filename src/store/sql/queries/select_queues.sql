SELECT name, paused FROM queue
