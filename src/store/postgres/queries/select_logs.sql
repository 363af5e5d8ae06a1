-- One row for each lease of an attempt.
SELECT node, idx, attempt, token, max(place), bool_or(last)
FROM attempt_log WHERE run = ?1
GROUP BY node, idx, attempt, token ORDER BY node, idx, attempt, token
