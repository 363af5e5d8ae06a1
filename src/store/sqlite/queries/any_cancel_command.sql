SELECT 1 FROM cancel_command LIMIT 1
