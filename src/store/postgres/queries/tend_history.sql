SELECT FROM tend_history(?1::timestamptz, ?2::bigint * interval '1 microsecond')
