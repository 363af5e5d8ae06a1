DELETE FROM timer
USING unnest(?1::timestamptz[], ?2::bigint[], ?3::int[], ?4::int[], ?5::int[],
             ?6::smallint[]) AS old (due_at, run, node, first, last, kind)
WHERE timer.due_at = old.due_at AND timer.run = old.run
  AND timer.node = old.node AND timer.first = old.first
  AND timer.last = old.last AND timer.kind = old.kind
