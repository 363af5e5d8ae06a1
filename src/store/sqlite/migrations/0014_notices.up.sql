-- What operators are to be told of. due_at: when it may be taken, by whoever
-- tells them; it is moved ahead while someone does.
CREATE TABLE notice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  tries INTEGER NOT NULL CHECK (tries >= 0),
  body TEXT NOT NULL
) STRICT;

-- The one row there may be says how long notices are worth writing.
CREATE TABLE notice_reader (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  wanted_until INTEGER NOT NULL
) STRICT;
