DELETE FROM ready
USING unnest(?1::int[], ?2::smallint[], ?3::bigint[], ?4::int[], ?5::int[])
  AS old (lane, rank, run, node, idx)
WHERE ready.lane = old.lane AND ready.rank = old.rank AND ready.run = old.run
  AND ready.node = old.node AND ready.idx = old.idx
