-- But for the newest: its id must not come again, others may remember it.
SELECT id FROM input
WHERE id NOT IN (SELECT input FROM run) AND id NOT IN (SELECT input FROM schedule)
  AND id < (SELECT max(id) FROM input)
LIMIT 10000
