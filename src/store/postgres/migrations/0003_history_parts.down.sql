-- One table each again. What is left of runs that were deleted is not needed.
DROP FUNCTION tend_history, make_history_part;
DROP VIEW every_task_end;

ALTER TABLE task_end RENAME TO parted_task_end;
ALTER TABLE parted_task_end RENAME CONSTRAINT task_end_pkey TO parted_task_end_pkey;
CREATE TABLE task_end (LIKE parted_task_end INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
WITH (autovacuum_vacuum_insert_scale_factor = 0.5);
INSERT INTO task_end
SELECT ended.* FROM parted_task_end AS ended JOIN run ON run.id = ended.run;
ALTER TABLE task_end ADD PRIMARY KEY (run, node, idx);
DROP TABLE parted_task_end;

ALTER TABLE attempt RENAME TO parted_attempt;
ALTER TABLE parted_attempt RENAME CONSTRAINT attempt_pkey TO parted_attempt_pkey;
CREATE TABLE attempt (LIKE parted_attempt INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO attempt
SELECT ended.* FROM parted_attempt AS ended JOIN run ON run.id = ended.run;
ALTER TABLE attempt ADD PRIMARY KEY (run, token);
DROP TABLE parted_attempt;

DROP TABLE history_part;

CREATE VIEW every_task_end AS
SELECT run, node, idx, token FROM task_end
UNION ALL
SELECT CASE of_run WHEN 0 THEN one ELSE of_run END, node,
       CASE of_run WHEN 0 THEN -1 ELSE one::int END, token - (last - one)
FROM task_end_range,
     LATERAL generate_series(last - count + 1, last) AS each (one);
