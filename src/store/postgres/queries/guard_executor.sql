-- Held by whoever claims for it, until the end of the transaction: nobody declares
-- it dead meanwhile. A lock on its row would be a change, and a claim that finds
-- nothing would have to wait for the disk. The key is "WNDL" and the number.
SELECT pg_advisory_xact_lock_shared((1464749132::bigint << 32) + ?1)
