DROP VIEW run_record;
DROP INDEX run_paused;
DROP INDEX run_by_bad_end;
