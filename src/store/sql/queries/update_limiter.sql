UPDATE limiter SET most = ?2, period = ?3, ruled_by = ?4, taken = ?5,
                   starts = ?6, waiting = ?7, next_at = ?8, keep_until = ?9,
                   threshold = ?10, failures = ?11, open_until = ?12, era = ?13,
                   allowed = ?14, decreased_at = ?15, window_ends = ?16,
                   window_time = ?17, window_full = ?18
WHERE id = ?1
