-- What shares rows gets rows of its own again.
INSERT INTO ready (lane, rank, run, node, idx, count, attempt, failures,
                   crashes, scheduled_at, ready_at)
WITH RECURSIVE each AS (
  SELECT lane, rank, run - 1 AS run, node, attempt, failures, crashes,
         scheduled_at, ready_at, runs - 1 AS runs
  FROM ready WHERE runs > 1
  UNION ALL
  SELECT lane, rank, run - 1, node, attempt, failures, crashes, scheduled_at,
         ready_at, runs - 1
  FROM each WHERE runs > 1
)
SELECT lane, rank, run, node, -1, 1, attempt, failures, crashes, scheduled_at,
       ready_at
FROM each;

INSERT INTO lease (run, node, idx, token, executor, attempt, failures, crashes,
                   scheduled_at, claimed_at)
WITH RECURSIVE each AS (
  SELECT run, node, token, executor, attempt, failures, crashes, scheduled_at,
         claimed_at, runs
  FROM lease_range
  UNION ALL
  SELECT run - 1, node, token - 1, executor, attempt, failures, crashes,
         scheduled_at, claimed_at, runs - 1
  FROM each WHERE runs > 1
)
SELECT run, node, -1, token, executor, attempt, failures, crashes, scheduled_at,
       claimed_at
FROM each;

DROP VIEW every_ready;
DROP VIEW every_lease;
DROP TABLE lease_range;
-- A column with a check that names others cannot be dropped.
CREATE TABLE plain_ready (
  lane INTEGER NOT NULL CHECK (lane <> 0),
  rank INTEGER NOT NULL CHECK (rank BETWEEN 0 AND 9),
  run INTEGER NOT NULL,
  node INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count = 1 OR (count > 1 AND idx >= count - 1)),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  crashes INTEGER NOT NULL CHECK (crashes >= 0),
  scheduled_at INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  PRIMARY KEY (lane, rank, run, node, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO plain_ready
SELECT lane, rank, run, node, idx, count, attempt, failures, crashes,
       scheduled_at, ready_at
FROM ready;
DROP TABLE ready;
ALTER TABLE plain_ready RENAME TO ready;
