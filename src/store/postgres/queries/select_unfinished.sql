SELECT count(*) FROM run WHERE state = 0
