-- Rows are numbered in the order of their commits, which is that of SQLite's one writer. `seq` is the key
-- that SQLite gives every row anyway, with a name: it costs nothing, and no VACUUM changes it any more.
CREATE TABLE audit_numbered (
  request_id TEXT NOT NULL UNIQUE,
  at_ms BIGINT NOT NULL,
  operator_id INTEGER REFERENCES operator (id),
  method TEXT NOT NULL,
  contract_ref TEXT,
  code BIGINT,
  detail TEXT,
  duration_us BIGINT NOT NULL,
  address TEXT NOT NULL,
  admitted_us BIGINT,
  seq INTEGER PRIMARY KEY
);
INSERT INTO audit_numbered (request_id, at_ms, operator_id, method, contract_ref, code, detail,
    duration_us, address, admitted_us)
  SELECT request_id, at_ms, operator_id, method, contract_ref, code, detail, duration_us, address,
    admitted_us FROM audit ORDER BY rowid;
DROP TABLE audit;
ALTER TABLE audit_numbered RENAME TO audit;
CREATE INDEX audit_by_time ON audit (at_ms);

-- Retention may remove every act: no number comes twice all the same.
CREATE TABLE admin_act_numbered (
  id TEXT NOT NULL UNIQUE,
  at_ms BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  seq INTEGER PRIMARY KEY AUTOINCREMENT
);
INSERT INTO admin_act_numbered (id, at_ms, actor, action, subject, reason)
  SELECT id, at_ms, actor, action, subject, reason FROM admin_act ORDER BY rowid;
DROP TABLE admin_act;
ALTER TABLE admin_act_numbered RENAME TO admin_act;
