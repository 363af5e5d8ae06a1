-- What lets a crash take what was committed.
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
  AND setting = 'off'
ORDER BY name
