-- What operators are to be told of. due_at: when it may be taken, by whoever
-- tells them; it is moved ahead while someone does.
CREATE TABLE notice (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  tries int NOT NULL CHECK (tries >= 0),
  body text NOT NULL
);

-- The one row there may be says how long notices are worth writing.
CREATE TABLE notice_reader (
  one smallint PRIMARY KEY CHECK (one = 1),
  wanted_until timestamptz NOT NULL
);
