DELETE FROM input WHERE id = ANY (?1::bigint[])
