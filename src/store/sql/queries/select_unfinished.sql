SELECT unfinished FROM sequence WHERE only = 1
