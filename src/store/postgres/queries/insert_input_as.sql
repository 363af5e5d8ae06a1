-- With an id that its sequence has given out.
INSERT INTO input (id, params, labels, base_dir) OVERRIDING SYSTEM VALUE
SELECT unnest(?1::bigint[]), unnest(?2::text[]), unnest(?3::text[]),
       unnest(?4::text[])
