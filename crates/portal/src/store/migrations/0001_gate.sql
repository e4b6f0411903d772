-- Who may use the portal, and what was done.
CREATE TABLE technician (
    id INTEGER PRIMARY KEY,
    -- An account's login, or `openid:` and the subject of somebody whom OpenID Connect let in.
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Argon2id; none: no password lets him in.
    password_hash TEXT,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_ms INTEGER NOT NULL
) STRICT;

-- Who is signed in. The key is the SHA-256 of what the cookie holds: who reads the file signs in as nobody.
CREATE TABLE session (
    key BLOB PRIMARY KEY,
    technician INTEGER NOT NULL REFERENCES technician (id),
    began_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Phones on which somebody has signed in before: whoever guesses passwords elsewhere does not keep them waiting.
CREATE TABLE device (
    key BLOB PRIMARY KEY,
    technician INTEGER NOT NULL REFERENCES technician (id),
    used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was done, in the words of that time: it stays true when a name changes.
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    act TEXT NOT NULL,
    contract TEXT NOT NULL,
    outcome TEXT NOT NULL,
    discharge_code TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX journal_at ON journal (at_ms);
