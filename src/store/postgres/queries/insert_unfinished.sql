INSERT INTO unfinished (delta) VALUES (?1)
