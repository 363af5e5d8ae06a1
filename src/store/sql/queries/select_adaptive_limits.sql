SELECT key, allowed, most FROM limiter WHERE allowed IS NOT NULL ORDER BY key
