INSERT INTO limit_line (concurrency, rate, circuit)
SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[])
ON CONFLICT (concurrency, rate, circuit) DO NOTHING
