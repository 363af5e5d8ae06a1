-- When the next scheduled task is due, and when a limiter lets its next waiter
-- go.
SELECT (SELECT min(due_at) FROM scheduled),
       (SELECT min(next_at) FROM limiter WHERE next_at IS NOT NULL)
