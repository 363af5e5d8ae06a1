-- Whether dead rows are cleaned up, and where most of them are. autovacuum
-- knows them from track_counts.
SELECT current_setting('autovacuum')::boolean
         AND current_setting('track_counts')::boolean AS enabled,
       (SELECT string_agg(format('%I.%I', nspname, relname), ', ')
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace,
             LATERAL pg_options_to_table(reloptions)
        WHERE nspname = current_setting('windlass.schema')
          AND option_name = 'autovacuum_enabled'
          AND NOT option_value::boolean) AS excluded,
       format('%I.%I', schemaname, relname) AS most,
       coalesce(n_dead_tup, 0) AS dead, coalesce(n_live_tup, 0) AS live,
       coalesce(to_char(last_autovacuum AT TIME ZONE 'UTC',
                        'YYYY-MM-DD HH24:MI "UTC"'), 'never') AS cleaned_up
FROM (SELECT 1) AS always
LEFT JOIN pg_stat_user_tables ON schemaname = current_setting('windlass.schema')
ORDER BY n_dead_tup DESC NULLS LAST LIMIT 1
