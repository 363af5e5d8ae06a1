-- How far a run is; the rest of it has not changed.
UPDATE run SET state = new.state, started_at = new.started_at,
               finished_at = new.finished_at, progress = new.progress,
               bad_end = CASE WHEN new.state > 1 THEN new.state END
FROM unnest(?1::bigint[], ?2::smallint[], ?3::timestamptz[],
            ?4::timestamptz[], ?5::bytea[])
  AS new (id, state, started_at, finished_at, progress)
WHERE run.id = new.id
