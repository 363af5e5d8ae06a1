SELECT run, node, idx, token FROM lease WHERE executor = ?1
