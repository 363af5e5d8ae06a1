SELECT name, envelope FROM saved WHERE run = ?1 AND node = ?2 AND idx = ?3
ORDER BY name
