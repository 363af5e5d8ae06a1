SELECT pg_size_pretty(pg_database_size(current_database())) AS whole,
       pg_size_pretty(coalesce(sum(bytes), 0)) AS total,
       (array_agg(relname ORDER BY bytes DESC))[1] AS largest,
       pg_size_pretty(max(bytes)) AS largest_size
FROM (
  SELECT relname, pg_total_relation_size(pg_class.oid) AS bytes
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = current_setting('windlass.schema') AND relkind IN ('r', 'p')
) AS sized
