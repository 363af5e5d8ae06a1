SELECT 1 FROM task_progress LIMIT 1
