DROP TABLE workflow_version;
DROP TABLE workflow;
