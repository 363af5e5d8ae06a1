-- Names under which workflows are stored. version: the number given last; its
-- version is gone when the workflow was deleted.
CREATE TABLE workflow (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL CHECK (version >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE workflow_version (
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  definition INTEGER NOT NULL,
  description TEXT NOT NULL,
  base_dir TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
