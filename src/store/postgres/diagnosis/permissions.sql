-- Rights that this role lacks, as GRANT names them: a row for each kind of
-- object and set of privileges. Tables of others that share the schema are not
-- ours to ask for; those of identity columns come with their tables.
WITH space AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname = current_setting('windlass.schema')
), ours AS (
  SELECT pg_class.oid, relkind, relname,
         format('%I.%I', nspname, relname) AS object
  FROM space JOIN pg_class ON relnamespace = space.oid
  WHERE relowner = (
    SELECT relowner FROM pg_class AS migration
    WHERE migration.relnamespace = space.oid
      AND migration.relname = 'migration')
), missing (place, kind, object, privilege, rank) AS (
  SELECT 1, 'SCHEMA', format('%I', nspname), 'USAGE', 1
  FROM space WHERE NOT has_schema_privilege(oid, 'USAGE')
  UNION ALL
  SELECT 2, 'TABLE', object, privilege, rank
  FROM ours CROSS JOIN
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY
         AS needed (privilege, rank)
  WHERE (relkind IN ('r', 'p') OR (relkind = 'v' AND privilege = 'SELECT'))
    AND (relname NOT IN ('migration', 'identity') OR privilege = 'SELECT')
    AND NOT has_table_privilege(oid, privilege)
  UNION ALL
  SELECT 3, 'SEQUENCE', object, 'USAGE', 1
  FROM ours
  -- The function is not to be asked about anything else.
  WHERE CASE relkind WHEN 'S' THEN NOT has_sequence_privilege(oid, 'USAGE')
        ELSE false END
    AND NOT EXISTS (SELECT 1 FROM pg_depend
                    WHERE pg_depend.objid = ours.oid AND deptype = 'i')
), each_object AS (
  SELECT place, kind, object,
         string_agg(privilege, ', ' ORDER BY rank) AS privileges
  FROM missing GROUP BY place, kind, object
)
SELECT kind, privileges, string_agg(object, ', ' ORDER BY object) AS objects,
       CASE WHEN count(*) <= 4 THEN string_agg(object, ', ' ORDER BY object)
            ELSE format('%s and %s more', min(object), count(*) - 1) END
         AS in_short,
       format('%I', session_user) AS role
FROM each_object GROUP BY place, kind, privileges ORDER BY place, privileges
