-- How far the oldest row that is not frozen is from the newest transaction. At
-- two billions the server takes no more writes.
SELECT greatest(age(datfrozenxid), mxid_age(datminmxid)) AS age
FROM pg_database WHERE datname = current_database()
