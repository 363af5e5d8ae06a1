-- The lines of which one is among the limiters (JSON).
SELECT concurrency, rate, circuit FROM limit_line
WHERE concurrency IN (SELECT value::bigint
                      FROM json_array_elements_text(?1::json))
UNION
SELECT concurrency, rate, circuit FROM limit_line
WHERE rate IN (SELECT value::bigint FROM json_array_elements_text(?1::json))
UNION
SELECT concurrency, rate, circuit FROM limit_line
WHERE circuit IN (SELECT value::bigint FROM json_array_elements_text(?1::json))
