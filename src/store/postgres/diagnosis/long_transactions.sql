-- Who keeps dead rows from being cleaned up, the oldest first. Of other roles
-- one sees nothing without pg_read_all_stats.
SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       old.who, old.seconds, old.remedy
FROM (SELECT 1) AS always
LEFT JOIN (
  SELECT format('pid %s of role %s (%s, %s)', pid, usename,
                coalesce(nullif(application_name, ''), 'unnamed'), state) AS who,
         extract(epoch FROM clock_timestamp() - xact_start)::bigint AS seconds,
         format('SELECT pg_terminate_backend(%s)', pid) AS remedy
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend' AND xact_start IS NOT NULL
  UNION ALL
  SELECT format('prepared transaction %L of role %s', gid, owner),
         extract(epoch FROM clock_timestamp() - prepared)::bigint,
         format('ROLLBACK PREPARED %L', gid)
  FROM pg_prepared_xacts WHERE database = current_database()
) AS old ON true
ORDER BY old.seconds DESC NULLS LAST LIMIT 20
