-- Those that no window of the limiter reaches any more.
DELETE FROM limit_start WHERE limiter = ?1 AND last <= ?2
