-- The audit is chained: each seal holds the hash of some rows of `audit` and `admin_act`, by their
-- numbers (`seq`, see the files of this step for each database), and the hash of the seal before it.
-- docs/audit.md says what of it is hashed, and how. `marks` is not: it finds the row that was altered,
-- and is emptied when retention has removed the rows. Programs before this step seal nothing; their
-- rows get their number from the database, and are sealed by whoever knows this step.
CREATE TABLE audit_seal (
  number BIGINT PRIMARY KEY,
  version BIGINT NOT NULL,
  sealed_ms BIGINT NOT NULL,
  previous TEXT NOT NULL,
  requests TEXT NOT NULL,
  acts TEXT NOT NULL,
  requests_to BIGINT NOT NULL,
  acts_to BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  digest TEXT NOT NULL,
  gaps TEXT NOT NULL,
  removed_to BIGINT NOT NULL,
  hash TEXT NOT NULL,
  marks TEXT NOT NULL
);
-- Those whose rows are there.
CREATE INDEX audit_seal_kept ON audit_seal (number) WHERE marks <> '';
