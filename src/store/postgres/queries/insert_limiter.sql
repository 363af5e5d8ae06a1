INSERT INTO limiter (kind, key, most, period, ruled_by, keep_until, threshold)
SELECT * FROM unnest(?1::smallint[], ?2::text[], ?3::int[], ?4::bigint[],
                     ?5::bigint[], ?6::timestamptz[], ?7::int[])
ON CONFLICT (kind, key) DO NOTHING
