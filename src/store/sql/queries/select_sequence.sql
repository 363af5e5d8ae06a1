SELECT run, token FROM sequence WHERE only = 1
