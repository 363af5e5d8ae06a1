-- Of a run; rows that stand for several runs, 500 at the most, among them.
SELECT node, idx, count, attempt FROM ready
WHERE lane = ?1 AND rank = ?2 AND run >= ?3 AND run < ?3 + 500
  AND run - runs < ?3
  AND (node, idx) >= (?4, ?5) AND node <= ?6 AND idx - count < ?7
