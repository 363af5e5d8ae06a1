DROP TABLE limit_line;
DROP TABLE blocked;
DROP TABLE permit;
DROP TABLE limit_start;
DROP TABLE limiter;
