-- Many small changes become one. Whoever folds at the same time takes others.
WITH old AS (
  DELETE FROM unfinished WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM unfinished LIMIT 10000 FOR UPDATE SKIP LOCKED))
  RETURNING delta
)
INSERT INTO unfinished (delta) SELECT coalesce(sum(delta), 0)::bigint FROM old
