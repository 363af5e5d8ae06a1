DELETE FROM cache WHERE created_at < ALL (?1::timestamptz[])
