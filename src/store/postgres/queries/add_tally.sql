INSERT INTO tally (what, which, node, count)
SELECT unnest(?1::smallint[]), unnest(?2::bigint[]), unnest(?3::int[]),
       unnest(?4::bigint[])
