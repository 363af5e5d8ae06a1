INSERT INTO permit (run, node, idx, token, concurrency, rate, circuit, era, most,
                    given_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
