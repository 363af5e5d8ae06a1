-- Of each lane the longest ready, as far as the first thousand rows of each
-- priority tell: what is behind them belongs to runs that were submitted later.
SELECT lane.queue, min(front.ready_at)
FROM lane, generate_series(0, 9) AS rank, unnest(ARRAY[lane.id, -lane.id]) AS side,
LATERAL (SELECT ready_at FROM ready
         WHERE ready.lane = side AND ready.rank = rank::smallint
         ORDER BY run, node, idx LIMIT 1000) AS front
GROUP BY lane.queue
