SELECT 0 AS run, -1 AS node, -1 AS idx
WHERE (SELECT coalesce(sum(delta), 0) FROM unfinished)
   <> (SELECT count(*) FROM run WHERE state = 0)
