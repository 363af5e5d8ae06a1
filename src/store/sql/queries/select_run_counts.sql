-- ?1: that of runs; see Tally::What.
SELECT which, CAST(sum(count) AS bigint) FROM tally WHERE what = ?1 GROUP BY which
