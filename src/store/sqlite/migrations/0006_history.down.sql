ALTER TABLE sequence
  ADD COLUMN unfinished INTEGER NOT NULL DEFAULT 0 CHECK (unfinished >= 0);
UPDATE sequence SET unfinished = (SELECT count(*) FROM run WHERE state = 0);
DROP TABLE tally;
DROP TRIGGER run_deleted;
