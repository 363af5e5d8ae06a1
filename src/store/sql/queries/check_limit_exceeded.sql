-- Keys of which there are more permits than there may be, by the largest limit
-- under which one was given; circuits with more probes than they may have.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM permit WHERE concurrency <> 0
GROUP BY concurrency HAVING count(*) > max(most)
UNION ALL
SELECT 0, -1, -1 FROM limiter WHERE kind = 2 AND taken > most
LIMIT 100
