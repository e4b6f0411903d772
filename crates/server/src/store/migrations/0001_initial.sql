-- One text for SQLite and PostgreSQL. Keys of the inventory are assigned by the loader, in the order
-- of the file: "ORDER BY id" is the order of D17. They are INTEGER (32 bits on PostgreSQL, where two
-- thousand million fibres are enough; the row's own key on SQLite); every other number is BIGINT.
-- Times are milliseconds since 1970-01-01 UTC and end in _ms.

CREATE TABLE service (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  closed BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  until_ms BIGINT,
  changed_ms BIGINT NOT NULL
);
INSERT INTO service (id, closed, reason, until_ms, changed_ms) VALUES (1, FALSE, '', NULL, 0);

CREATE TABLE operator (
  id INTEGER PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  profile TEXT,
  quota BIGINT,
  sessions BIGINT,
  disabled BOOLEAN NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);

CREATE TABLE monthly_usage (
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  month TEXT NOT NULL,
  used BIGINT NOT NULL,
  PRIMARY KEY (operator_id, month)
);

CREATE TABLE audit (
  request_id TEXT PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  operator_id INTEGER REFERENCES operator (id),
  method TEXT NOT NULL,
  contract_ref TEXT,
  code BIGINT,
  detail TEXT,
  duration_us BIGINT NOT NULL,
  address TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TABLE admin_act (
  id TEXT PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL
);

CREATE TABLE site (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE
);

CREATE TABLE floor (
  id INTEGER PRIMARY KEY,
  site_id INTEGER NOT NULL REFERENCES site (id),
  building TEXT NOT NULL,
  staircase TEXT NOT NULL,
  floor TEXT NOT NULL,
  UNIQUE (site_id, building, staircase, floor)
);

CREATE TABLE pbo (
  id INTEGER PRIMARY KEY,
  floor_id INTEGER NOT NULL REFERENCES floor (id),
  ref TEXT NOT NULL,
  location TEXT NOT NULL,
  UNIQUE (floor_id, ref)
);

CREATE TABLE pto (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  floor_id INTEGER NOT NULL REFERENCES floor (id),
  construction TEXT NOT NULL
);
CREATE INDEX pto_by_floor ON pto (floor_id);

CREATE TABLE contract (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  floor_id INTEGER REFERENCES floor (id),
  pbo_id INTEGER REFERENCES pbo (id),
  pm_ref TEXT,
  fibre_id INTEGER UNIQUE,
  zone TEXT NOT NULL,
  building_kind TEXT NOT NULL,
  route_kind TEXT NOT NULL,
  existing_socket BOOLEAN NOT NULL,
  opac BOOLEAN NOT NULL,
  order_state TEXT NOT NULL,
  intervention TEXT NOT NULL,
  updated_by TEXT NOT NULL
);

-- A fibre has one holder at most: the contract whose line it is, or that has it reserved.
CREATE TABLE fibre (
  id INTEGER PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  pbo_id INTEGER NOT NULL REFERENCES pbo (id),
  pto_id INTEGER UNIQUE REFERENCES pto (id),
  pm_ref TEXT NOT NULL,
  pm_position TEXT NOT NULL,
  cable TEXT NOT NULL,
  tube TEXT NOT NULL,
  colour TEXT NOT NULL,
  usage TEXT NOT NULL,
  out_of_service BOOLEAN NOT NULL,
  contract_id INTEGER REFERENCES contract (id),
  updated_by TEXT NOT NULL
);
CREATE INDEX fibre_by_pbo ON fibre (pbo_id);
CREATE INDEX fibre_by_contract ON fibre (contract_id) WHERE contract_id IS NOT NULL;

-- The row is the request, the job and the history at once: there is no second truth.
CREATE TABLE reprovisioning (
  id TEXT PRIMARY KEY,
  contract_id INTEGER NOT NULL REFERENCES contract (id),
  number BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  previous_id TEXT REFERENCES reprovisioning (id),
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  request_id TEXT NOT NULL,
  fibre_id INTEGER NOT NULL REFERENCES fibre (id),
  old_fibre_id INTEGER REFERENCES fibre (id),
  reason TEXT NOT NULL,
  keep_pto BOOLEAN NOT NULL,
  pto_ref TEXT,
  kept_pto_id INTEGER REFERENCES pto (id),
  usage_before TEXT NOT NULL,
  held_before BOOLEAN NOT NULL,
  discharge_code TEXT NOT NULL,
  state TEXT NOT NULL,
  ended_because TEXT,
  accepted_ms BIGINT NOT NULL,
  in_progress_ms BIGINT,
  ended_ms BIGINT,
  step TEXT NOT NULL,
  due_ms BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  last_error TEXT,
  lease_token TEXT,
  lease_until_ms BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  UNIQUE (contract_id, number),
  UNIQUE (discharge_code, attempt)
);
CREATE UNIQUE INDEX one_running_a_contract ON reprovisioning (contract_id)
  WHERE state IN ('initiated', 'in_progress');
CREATE UNIQUE INDEX one_running_a_fibre ON reprovisioning (fibre_id)
  WHERE state IN ('initiated', 'in_progress');
CREATE UNIQUE INDEX one_running_a_kept_pto ON reprovisioning (kept_pto_id)
  WHERE state IN ('initiated', 'in_progress');
CREATE INDEX running_by_due ON reprovisioning (due_ms)
  WHERE state IN ('initiated', 'in_progress');
CREATE INDEX reprovisioning_by_acceptance ON reprovisioning (accepted_ms);

-- The first answer to an accepted request that the caller named, word for word (D22a).
CREATE TABLE idempotency (
  operator_id INTEGER NOT NULL REFERENCES operator (id),
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  reprovisioning_id TEXT NOT NULL REFERENCES reprovisioning (id),
  discharge_code TEXT NOT NULL,
  pm_ref TEXT NOT NULL,
  pm_position TEXT NOT NULL,
  fibre_ref TEXT NOT NULL,
  pto_ref TEXT,
  accepted_ms BIGINT NOT NULL,
  PRIMARY KEY (operator_id, name)
);
CREATE INDEX idempotency_by_time ON idempotency (accepted_ms);

-- The built-in Networks' own memory, written in its own transactions, as another system's would be.
CREATE TABLE network_order (
  id TEXT PRIMARY KEY,
  contract_ref TEXT NOT NULL,
  fibre_ref TEXT NOT NULL,
  working_ms BIGINT NOT NULL,
  done_ms BIGINT NOT NULL,
  refuses BOOLEAN NOT NULL,
  cancelled BOOLEAN NOT NULL
);
