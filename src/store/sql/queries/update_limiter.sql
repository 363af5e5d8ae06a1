UPDATE limiter SET most = ?2, period = ?3, ruled_by = ?4, taken = ?5,
                   starts = ?6, waiting = ?7, next_at = ?8, keep_until = ?9
WHERE id = ?1
