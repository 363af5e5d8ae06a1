INSERT INTO limit_line (concurrency, rate)
SELECT * FROM unnest(?1::bigint[], ?2::bigint[])
ON CONFLICT (concurrency, rate) DO NOTHING
