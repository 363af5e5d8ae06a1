DROP VIEW idle_line;
DROP VIEW unclaimed_permit;
DROP VIEW unused_limiter;
DROP TABLE limit_line;
DROP TABLE blocked;
DROP TABLE permit;
DROP TABLE limit_start;
DROP TABLE limiter;
