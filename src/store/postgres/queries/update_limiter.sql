UPDATE limiter SET most = new.most, period = new.period,
                   ruled_by = new.ruled_by, taken = new.taken,
                   starts = new.starts, waiting = new.waiting,
                   next_at = new.next_at, keep_until = new.keep_until,
                   threshold = new.threshold, failures = new.failures,
                   open_until = new.open_until, era = new.era,
                   allowed = new.allowed, decreased_at = new.decreased_at,
                   window_ends = new.window_ends,
                   window_time = new.window_time, window_full = new.window_full
FROM unnest(?1::bigint[], ?2::int[], ?3::bigint[], ?4::bigint[], ?5::bigint[],
            ?6::bigint[], ?7::boolean[], ?8::timestamptz[], ?9::timestamptz[],
            ?10::int[], ?11::int[], ?12::timestamptz[], ?13::bigint[],
            ?14::int[], ?15::timestamptz[], ?16::int[], ?17::bigint[],
            ?18::boolean[])
  AS new (id, most, period, ruled_by, taken, starts, waiting, next_at, keep_until,
          threshold, failures, open_until, era, allowed, decreased_at,
          window_ends, window_time, window_full)
WHERE limiter.id = new.id
