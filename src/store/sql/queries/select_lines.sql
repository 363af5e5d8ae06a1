-- The lines of which one is among the limiters (JSON).
SELECT concurrency, rate, circuit FROM limit_line
WHERE concurrency IN (SELECT value FROM json_each(?1))
UNION
SELECT concurrency, rate, circuit FROM limit_line
WHERE rate IN (SELECT value FROM json_each(?1))
UNION
SELECT concurrency, rate, circuit FROM limit_line
WHERE circuit IN (SELECT value FROM json_each(?1))
