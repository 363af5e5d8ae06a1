-- Limits that are set for our sessions; the sessions themselves set none of
-- these. transaction_timeout: since 17.
SELECT name, reset_val::bigint AS milliseconds, session_user AS role
FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout')
  AND reset_val::bigint > 0
ORDER BY name
