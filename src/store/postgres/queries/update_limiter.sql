UPDATE limiter SET most = new.most, period = new.period,
                   ruled_by = new.ruled_by, taken = new.taken,
                   starts = new.starts, waiting = new.waiting,
                   next_at = new.next_at, keep_until = new.keep_until
FROM unnest(?1::bigint[], ?2::int[], ?3::bigint[], ?4::bigint[], ?5::bigint[],
            ?6::bigint[], ?7::boolean[], ?8::timestamptz[], ?9::timestamptz[])
  AS new (id, most, period, ruled_by, taken, starts, waiting, next_at, keep_until)
WHERE limiter.id = new.id
