DROP TRIGGER run_deleted_with_logs;
DROP TABLE attempt_log;
