SELECT 0 AS run, -1 AS node, -1 AS idx
FROM sequence
WHERE unfinished <> (SELECT count(*) FROM run WHERE state = 0)
