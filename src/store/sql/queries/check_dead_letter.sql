SELECT dead_letter.run, dead_letter.node, dead_letter.idx
FROM dead_letter
LEFT JOIN task_end ON task_end.run = dead_letter.run
 AND task_end.node = dead_letter.node AND task_end.idx = dead_letter.idx
WHERE task_end.state IS NULL OR task_end.state <> 5 LIMIT 100
