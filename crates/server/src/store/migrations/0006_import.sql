-- A load that adds rows in pieces, beside a service that works: the highest keys that were there before.
-- What lies above them is not found (contracts and fibres by their names, and so what hangs on them)
-- until the row goes, in the transaction that makes all of the load visible. A load that was cut off
-- leaves the row; the next one takes away what lies above. Programs before this step look at no row,
-- and load in one transaction.
CREATE TABLE load_hidden (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  site_max INTEGER NOT NULL,
  floor_max INTEGER NOT NULL,
  pbo_max INTEGER NOT NULL,
  pto_max INTEGER NOT NULL,
  contract_max INTEGER NOT NULL,
  fibre_max INTEGER NOT NULL
);

-- What a removal has to look for, on PostgreSQL at each row.
CREATE INDEX contract_by_floor ON contract (floor_id);
CREATE INDEX contract_by_pbo ON contract (pbo_id);
CREATE INDEX reprovisioning_by_fibre ON reprovisioning (fibre_id);
CREATE INDEX reprovisioning_by_old_fibre ON reprovisioning (old_fibre_id);
CREATE INDEX reprovisioning_by_kept_pto ON reprovisioning (kept_pto_id);
