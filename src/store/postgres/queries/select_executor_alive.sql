-- Locked, so that nobody declares the executor dead meanwhile.
SELECT 1 FROM executor WHERE id = ?1 AND ended_at IS NULL FOR SHARE
