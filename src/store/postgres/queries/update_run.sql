UPDATE run SET state = new.state, paused = new.paused, attempt = new.attempt,
               started_at = new.started_at, finished_at = new.finished_at,
               progress = new.progress, reason = new.reason,
               bad_end = CASE WHEN new.state > 1 THEN new.state END
FROM unnest(?1::bigint[], ?2::smallint[], ?3::boolean[], ?4::int[],
            ?5::timestamptz[], ?6::timestamptz[], ?7::bytea[], ?8::text[])
  AS new (id, state, paused, attempt, started_at, finished_at, progress, reason)
WHERE run.id = new.id
