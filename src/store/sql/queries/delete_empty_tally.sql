DELETE FROM tally WHERE count = 0
