-- Held by whoever declares it dead; see guard_executor.sql.
SELECT pg_advisory_xact_lock((1464749132::bigint << 32) + ?1)
