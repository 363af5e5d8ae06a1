-- Whether this role may make the schema, or what is in it, and who owns it.
SELECT space.oid IS NOT NULL AS present,
       CASE WHEN space.oid IS NULL
            THEN has_database_privilege(current_database(), 'CREATE')
            ELSE has_schema_privilege(space.oid, 'CREATE') END AS may_create,
       pg_get_userbyid(space.nspowner) AS owner,
       CASE WHEN space.oid IS NULL
            THEN format('CREATE ON DATABASE %I', current_database())
            ELSE format('CREATE ON SCHEMA %I', space.nspname) END AS privilege,
       format('%I', session_user) AS role
FROM (SELECT current_setting('windlass.schema') AS name) AS wanted
LEFT JOIN pg_namespace AS space ON space.nspname = wanted.name
