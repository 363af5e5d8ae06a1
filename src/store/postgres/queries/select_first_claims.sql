SELECT wanted.run,
       (SELECT min(claimed_at)
        FROM (SELECT claimed_at FROM lease WHERE lease.run = wanted.run
              UNION ALL
              SELECT claimed_at FROM lease_range AS held
              WHERE held.run >= wanted.run AND held.run < wanted.run + 500
                AND held.run - held.runs < wanted.run) AS claim)
FROM unnest(?1::bigint[]) AS wanted (run)
