INSERT INTO scheduled (due_at, run, node, idx, attempt, failures, crashes,
                       scheduled_at)
SELECT * FROM unnest(?1::timestamptz[], ?2::bigint[], ?3::int[], ?4::int[],
                     ?5::int[], ?6::int[], ?7::int[], ?8::timestamptz[])
