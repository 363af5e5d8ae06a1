-- A sweep sees to it.
SELECT 0 AS run, -1 AS node, -1 AS idx FROM idle_line LIMIT 100
