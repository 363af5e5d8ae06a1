-- The limit that leaves the fewest connections. Of other roles' sessions
-- everyone sees whose they are and no more. reserved_connections: since 16.
WITH backend AS (
  SELECT datid, usesysid FROM pg_stat_activity
  WHERE datid IS NOT NULL AND usesysid IS NOT NULL
), connection_limit (whose, most, used) AS (
  SELECT 'the server',
         current_setting('max_connections')::bigint
           - current_setting('superuser_reserved_connections')::bigint
           - coalesce(current_setting('reserved_connections', true)::bigint, 0),
         (SELECT count(*) FROM backend)
  UNION ALL
  SELECT format('the database %I', datname), datconnlimit,
         (SELECT count(*) FROM backend WHERE datid = pg_database.oid)
  FROM pg_database WHERE datname = current_database() AND datconnlimit >= 0
  UNION ALL
  SELECT format('the role %I', rolname), rolconnlimit,
         (SELECT count(*) FROM backend WHERE usesysid = pg_roles.oid)
  FROM pg_roles WHERE rolname = session_user AND rolconnlimit >= 0
)
SELECT whose, most, used FROM connection_limit ORDER BY most - used LIMIT 1
