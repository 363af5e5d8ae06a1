SELECT of_run, node, last, count, token FROM lease_range WHERE executor = ?1
