INSERT INTO notice (at, due_at, tries, body)
SELECT new.at, new.at, 0, new.body
FROM unnest(?1::timestamptz[], ?2::text[]) AS new (at, body)
WHERE EXISTS (SELECT FROM notice_reader WHERE wanted_until > new.at)
