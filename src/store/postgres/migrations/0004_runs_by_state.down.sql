DROP VIEW run_record;
DROP INDEX run_paused;
-- With its index and its check.
ALTER TABLE run DROP COLUMN bad_end;
