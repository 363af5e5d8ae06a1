-- What attempts print and log, a chunk of a lease's part a row: `place` bytes
-- after its beginning. Chunks between beginning and end may have been dropped.
CREATE TABLE attempt_log (
  run bigint NOT NULL,
  node int NOT NULL,
  idx int NOT NULL,
  attempt int NOT NULL CHECK (attempt >= 1),
  token bigint NOT NULL,
  place bigint NOT NULL CHECK (place >= 0),
  written_at timestamptz NOT NULL,
  last boolean NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (run, node, idx, attempt, token, place)
);
