SELECT 1 FROM dead_letter LIMIT 1
