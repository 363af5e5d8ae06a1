UPDATE ready SET count = new.count, runs = new.runs
FROM unnest(?1::int[], ?2::smallint[], ?3::bigint[], ?4::int[], ?5::int[],
            ?6::int[], ?7::int[])
  AS new (lane, rank, run, node, idx, count, runs)
WHERE ready.lane = new.lane AND ready.rank = new.rank AND ready.run = new.run
  AND ready.node = new.node AND ready.idx = new.idx
