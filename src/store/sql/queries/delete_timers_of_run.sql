DELETE FROM timer WHERE run = ?1
