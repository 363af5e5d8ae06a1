SELECT 1 FROM notice WHERE due_at <= ?1 LIMIT 1
