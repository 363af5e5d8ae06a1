INSERT INTO limiter (kind, key, most, period, ruled_by, keep_until, threshold)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (kind, key) DO NOTHING
