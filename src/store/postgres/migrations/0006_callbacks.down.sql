-- Who waits for a message is due when it would have waited for too long.
DROP TABLE callback;
