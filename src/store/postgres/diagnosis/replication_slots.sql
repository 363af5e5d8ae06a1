-- Slots that nobody reads: they keep dead rows, and log until the disk is full.
SELECT slot_name AS name,
       coalesce(greatest(age(xmin), age(catalog_xmin)), 0) AS transactions,
       CASE WHEN restart_lsn IS NULL OR pg_is_in_recovery() THEN '0 bytes'
            ELSE pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(),
                                                restart_lsn)) END AS log,
       format('SELECT pg_drop_replication_slot(%L)', slot_name) AS remedy
FROM pg_replication_slots
WHERE NOT active AND (database IS NULL OR database = current_database())
  AND (xmin IS NOT NULL OR catalog_xmin IS NOT NULL OR restart_lsn IS NOT NULL)
ORDER BY 2 DESC, 1 LIMIT 20
