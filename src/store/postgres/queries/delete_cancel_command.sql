DELETE FROM cancel_command USING unnest(?1::bigint[]) AS old (token)
WHERE cancel_command.token = old.token
