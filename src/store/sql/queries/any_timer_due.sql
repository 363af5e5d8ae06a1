SELECT 1 FROM timer WHERE due_at <= ?1 LIMIT 1
