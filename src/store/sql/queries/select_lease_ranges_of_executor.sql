SELECT node, run, runs, token FROM lease_range WHERE executor = ?1
