SELECT min(next_at) FROM schedule WHERE NOT paused AND next_at > ?1
