-- Names under which workflows are stored. version: the number given last; its
-- version is gone when the workflow was deleted. Whoever adds or deletes versions
-- holds a lock on the row.
CREATE TABLE workflow (
  name text PRIMARY KEY,
  version int NOT NULL CHECK (version >= 0)
);

CREATE TABLE workflow_version (
  name text NOT NULL,
  version int NOT NULL CHECK (version >= 1),
  definition bigint NOT NULL,
  description text NOT NULL,
  base_dir text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (name, version)
);
