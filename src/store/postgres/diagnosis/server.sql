-- What the server is, and whether it takes writes.
SELECT current_setting('server_version') AS version,
       pg_is_in_recovery() AS standby,
       current_setting('default_transaction_read_only')::boolean AS read_only,
       session_user AS role
