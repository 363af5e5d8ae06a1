DELETE FROM ready
WHERE lane = ?1 AND (rank, run, node, idx) <= (?2, ?3, ?4, ?5)
