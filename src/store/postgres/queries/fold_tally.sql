-- Many small changes become one. Whoever folds at the same time takes others.
WITH old AS (
  DELETE FROM tally WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM tally LIMIT 10000 FOR UPDATE SKIP LOCKED))
  RETURNING what, which, node, count
)
INSERT INTO tally (what, which, node, count)
SELECT what, which, node, sum(count)::bigint FROM old
GROUP BY what, which, node HAVING sum(count) <> 0
