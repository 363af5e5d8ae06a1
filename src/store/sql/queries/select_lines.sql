-- The pairs of which one is among the limiters (JSON).
SELECT concurrency, rate FROM limit_line
WHERE concurrency IN (SELECT value FROM json_each(?1))
UNION
SELECT concurrency, rate FROM limit_line
WHERE rate IN (SELECT value FROM json_each(?1))
