-- Tells this file's data from any other's that shares a result store. Files
-- made before have none, so that their results keep their places.
CREATE TABLE identity (
  id TEXT NOT NULL
) STRICT;

INSERT INTO identity
SELECT CASE WHEN EXISTS (SELECT 1 FROM run) THEN ''
            ELSE lower(hex(randomblob(6))) END;
