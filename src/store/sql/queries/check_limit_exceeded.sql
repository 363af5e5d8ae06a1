-- Keys of which there are more permits than there may be, by the largest limit
-- under which one was given.
SELECT 0 AS run, -1 AS node, -1 AS idx
FROM permit WHERE concurrency <> 0
GROUP BY concurrency HAVING count(*) > max(most) LIMIT 100
