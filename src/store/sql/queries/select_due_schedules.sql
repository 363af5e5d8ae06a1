SELECT workflow FROM schedule
WHERE NOT paused AND (next_at <= ?1 OR queued_at IS NOT NULL)
ORDER BY workflow
