-- Permits of tasks that are neither claimable, nor leased, nor waiting for a run.
SELECT permit.run, permit.node, permit.idx FROM permit
WHERE NOT EXISTS (
    SELECT 1 FROM lease WHERE lease.run = permit.run
     AND lease.node = permit.node AND lease.idx = permit.idx)
  AND NOT EXISTS (
    SELECT 1 FROM parked WHERE parked.run = permit.run
     AND parked.node = permit.node AND parked.idx = permit.idx)
  AND NOT EXISTS (
    SELECT 1 FROM ready WHERE ready.run = permit.run
     AND ready.node = permit.node AND permit.idx = ready.idx
     AND ready.count = 1)
LIMIT 100
