SELECT wanted.run,
       (SELECT min(claimed_at)
        FROM (SELECT claimed_at FROM lease WHERE lease.run = wanted.run
              UNION ALL
              SELECT claimed_at FROM lease_range AS held
              WHERE held.of_run = wanted.run
              UNION ALL
              SELECT claimed_at FROM lease_range AS held
              WHERE held.of_run = 0 AND held.last >= wanted.run
                AND held.last < wanted.run + 500
                AND held.last - held.count < wanted.run) AS claim)
FROM unnest(?1::bigint[]) AS wanted (run)
