-- What attempts print and log, a chunk of a lease's part a row: `place` bytes
-- after its beginning. Chunks between beginning and end may have been dropped.
CREATE TABLE attempt_log (
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  token INTEGER NOT NULL,
  place INTEGER NOT NULL CHECK (place >= 0),
  written_at INTEGER NOT NULL,
  last INTEGER NOT NULL CHECK (last IN (0, 1)),
  text TEXT NOT NULL,
  PRIMARY KEY (run, node, idx, attempt, token, place)
) STRICT;

CREATE TRIGGER run_deleted_with_logs AFTER DELETE ON run BEGIN
  DELETE FROM attempt_log WHERE run = old.id;
END;
