-- A technician's work on a contract: one a day.
CREATE TABLE intervention (
    id INTEGER PRIMARY KEY,
    contract TEXT NOT NULL,
    technician INTEGER NOT NULL REFERENCES technician (id),
    opened_ms INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    -- Calls to the service, counted before they are made.
    calls INTEGER NOT NULL DEFAULT 0,
    -- Where the technician was: the address of a screen.
    draft TEXT
) STRICT;
CREATE INDEX intervention_contract ON intervention (contract, opened_ms);
CREATE INDEX intervention_technician ON intervention (technician, touched_ms);

-- A request for another fibre, or one of somebody else's that is followed. Its name is its form's, so that
-- a form that is sent twice is one request.
CREATE TABLE request (
    id TEXT PRIMARY KEY,
    intervention INTEGER NOT NULL REFERENCES intervention (id),
    contract TEXT NOT NULL,
    technician INTEGER NOT NULL REFERENCES technician (id),
    asked_ms INTEGER NOT NULL,
    way TEXT NOT NULL,
    reason TEXT NOT NULL,
    chosen TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (
        stage IN ('waiting', 'sent', 'accepted', 'followed', 'refused', 'not_sent', 'unknown')
    ),
    -- Whether something may still come of it: the contract has no other request then.
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    trouble TEXT,
    discharge_code TEXT,
    code_to_come INTEGER NOT NULL DEFAULT 0 CHECK (code_to_come IN (0, 1)),
    -- What getReprovisionning showed last, and every state that it has shown.
    seen TEXT,
    seen_ms INTEGER,
    states TEXT NOT NULL DEFAULT '[]',
    looks INTEGER NOT NULL DEFAULT 0,
    next_look_ms INTEGER,
    plugged_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX request_open ON request (contract) WHERE is_open = 1;
CREATE INDEX request_contract ON request (contract, asked_ms);
CREATE INDEX request_intervention ON request (intervention);
CREATE INDEX request_due ON request (next_look_ms) WHERE next_look_ms IS NOT NULL;
CREATE INDEX request_reason ON request (asked_ms, reason);

-- What was found out about the service.
CREATE TABLE finding (
    name TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
