INSERT INTO notice_reader (one, wanted_until) VALUES (1, ?1)
ON CONFLICT (one) DO UPDATE SET wanted_until = excluded.wanted_until
WHERE excluded.wanted_until > notice_reader.wanted_until
