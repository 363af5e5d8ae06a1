DROP TABLE notice_reader;
DROP TABLE notice;
