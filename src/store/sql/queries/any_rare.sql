-- Whether there is anything in the tables that are mostly empty; see Rare.
SELECT EXISTS (SELECT 1 FROM parked),
       EXISTS (SELECT 1 FROM timer),
       EXISTS (SELECT 1 FROM saved),
       EXISTS (SELECT 1 FROM task_progress),
       EXISTS (SELECT 1 FROM cache_flight),
       EXISTS (SELECT 1 FROM cancel_command),
       EXISTS (SELECT 1 FROM run WHERE parent IS NOT NULL),
       EXISTS (SELECT 1 FROM dead_letter),
       EXISTS (SELECT 1 FROM permit),
       EXISTS (SELECT 1 FROM blocked)
