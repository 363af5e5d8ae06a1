SELECT run, node, idx FROM task_end WHERE finished_at < started_at
UNION ALL SELECT of_run, node, last FROM task_end_range
          WHERE finished_at < started_at
UNION ALL SELECT run, node, idx FROM attempt WHERE finished_at < started_at
UNION ALL SELECT id, -1, -1 FROM run
          WHERE finished_at < started_at OR finished_at < created_at
LIMIT 100
