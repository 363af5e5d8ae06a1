DELETE FROM permit
USING unnest(?1::bigint[], ?2::int[], ?3::int[]) AS old (run, node, idx)
WHERE permit.run = old.run AND permit.node = old.node AND permit.idx = old.idx
RETURNING permit.run, permit.node, permit.idx, permit.token, permit.concurrency,
          permit.rate, permit.circuit, permit.era, permit.given_at
