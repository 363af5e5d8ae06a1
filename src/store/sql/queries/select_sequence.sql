SELECT run, token, unfinished FROM sequence WHERE only = 1
