SELECT t.node, t.idx, t.state, t.attempt, t.started_at, t.finished_at,
       t.run_time, executor.name, t.error, t.cached_from, t.kind, t.media_type,
       t.size, t.sha256, t.encoding, t.value, t.uri, t.metadata
FROM task_end AS t LEFT JOIN executor ON executor.id = t.executor
WHERE t.run = ?1 AND (t.node, t.idx) >= (?2, ?3) AND (t.node, t.idx) <= (?4, ?5)
