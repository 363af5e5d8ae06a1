INSERT INTO notice (at, due_at, tries, body)
SELECT ?1, ?1, 0, ?2
WHERE EXISTS (SELECT 1 FROM notice_reader WHERE wanted_until > ?1)
