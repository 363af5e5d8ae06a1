SELECT what, which, node, CAST(sum(count) AS bigint) FROM tally
GROUP BY what, which, node HAVING sum(count) <> 0
