SELECT id FROM input
WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.input = input.id)
  AND NOT EXISTS (SELECT 1 FROM schedule WHERE schedule.input = input.id)
LIMIT 10000
