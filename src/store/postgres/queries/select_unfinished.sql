SELECT coalesce(sum(delta), 0)::bigint FROM unfinished
