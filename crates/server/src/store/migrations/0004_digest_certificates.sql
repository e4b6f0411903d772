-- The password of an operator that may use PasswordDigest, sealed with a key that is not in here; and
-- the SHA-256 fingerprints, separated by blanks, of the certificates that an operator must present
-- one of. Programs before this step look at neither.
ALTER TABLE operator ADD COLUMN digest_secret TEXT;
ALTER TABLE operator ADD COLUMN certificates TEXT;

-- A PasswordDigest that was accepted is kept until its time has passed, so that it is not accepted
-- again, on any instance.
CREATE TABLE login_nonce (
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  nonce TEXT NOT NULL,
  expires_ms BIGINT NOT NULL,
  PRIMARY KEY (operator_id, nonce)
);
CREATE INDEX login_nonce_by_time ON login_nonce (operator_id, expires_ms);
