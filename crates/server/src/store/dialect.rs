//! Every statement that SQLite and PostgreSQL cannot share.

use std::sync::OnceLock;

use super::statement::Statement;

/// Takes the leases of jobs that are due in a stretch of time. PostgreSQL passes over rows that another
/// instance is taking at this moment; SQLite has one writer.
pub(super) static CLAIM: Statement = Statement {
    name: "reprovisioning.claim",
    sqlite: "UPDATE reprovisioning SET lease_token = ?1, lease_until_ms = ?2
       WHERE id IN (SELECT id FROM reprovisioning
                    WHERE state IN ('initiated', 'in_progress')
                      AND due_ms BETWEEN ?3 AND ?4
                      AND (lease_until_ms <= ?5 OR lease_until_ms > ?6)
                    ORDER BY due_ms LIMIT ?7)
       RETURNING id",
    postgres: "UPDATE reprovisioning SET lease_token = $1, lease_until_ms = $2
       WHERE id IN (SELECT id FROM reprovisioning
                    WHERE state IN ('initiated', 'in_progress')
                      AND due_ms BETWEEN $3 AND $4
                      AND (lease_until_ms <= $5 OR lease_until_ms > $6)
                    ORDER BY due_ms LIMIT $7
                    FOR UPDATE SKIP LOCKED)
       RETURNING id",
    columns: OnceLock::new(),
};

/// The tables that are there, whosever they are.
pub(super) static TABLES: Statement = Statement {
    name: "dialect.tables",
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    postgres: "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
       WHERE schemaname = current_schema()",
    columns: OnceLock::new(),
};

/// A table's columns in their order: name, type, and place in the primary key (0: none).
pub(super) static COLUMNS: Statement = Statement {
    name: "dialect.columns",
    sqlite: "SELECT name, type AS kind, pk AS key FROM pragma_table_info(?1) ORDER BY cid",
    postgres: "SELECT CAST(attname AS TEXT) AS name, UPPER(format_type(atttypid, NULL)) AS kind,
         CAST(COALESCE(array_position(conkey, attnum), 0) AS BIGINT) AS key
       FROM pg_attribute LEFT JOIN pg_constraint ON conrelid = attrelid AND contype = 'p'
       WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    columns: OnceLock::new(),
};

/// The time by the database's clock, which every instance shares.
pub(super) static NOW: Statement = Statement {
    name: "dialect.now",
    sqlite: "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms",
    postgres: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms",
    columns: OnceLock::new(),
};

/// Which transactions may still commit something: PostgreSQL's, which write at the same time. On SQLite a
/// row that is seen comes after all that can be seen.
pub(super) static HORIZON: Statement = Statement {
    name: "dialect.horizon",
    sqlite: "SELECT 1 AS oldest, 0 AS next",
    postgres:
        "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT) AS oldest,
         CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT) AS next",
    columns: OnceLock::new(),
};

/// One migration at a time; SQLite has one writer anyway.
pub(super) static LOCK_SCHEMA: Statement = Statement {
    name: "dialect.lock_schema",
    sqlite: "SELECT 1",
    postgres: "SELECT 1 FROM pg_advisory_xact_lock(7305804400202)",
    columns: OnceLock::new(),
};

/// One at a time assigns keys (the next after the highest); SQLite has one writer anyway.
pub(super) static LOCK_KEYS: Statement = Statement {
    name: "dialect.lock_keys",
    sqlite: "SELECT 1",
    postgres: "SELECT 1 FROM pg_advisory_xact_lock(7305804400203)",
    columns: OnceLock::new(),
};

/// One at a time loads, as long as its connection lasts; on SQLite, a lock file says so.
pub(super) static LOCK_LOADS: Statement = Statement {
    name: "dialect.lock_loads",
    sqlite: "SELECT TRUE AS locked",
    postgres: "SELECT pg_try_advisory_lock(7305804400204) AS locked",
    columns: OnceLock::new(),
};

/// What a load's connection to PostgreSQL is told before it makes its tables.
pub(super) const LOADER_SETTINGS: &str = "SET temp_buffers = '128MB'";

/// What a load's transaction on PostgreSQL is told first: it waits for its files, sorts much, and waits
/// its turn for rows that a request is changing.
pub(super) const LOAD_SETTINGS: &str = "
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL lock_timeout = '60s';
  SET LOCAL jit = off;
  SET LOCAL work_mem = '128MB';
  SET LOCAL maintenance_work_mem = '128MB';
  SET LOCAL default_statistics_target = 10";

/// The order of what was staged, on PostgreSQL; on SQLite it is the tables' own.
pub(super) const INDEX_STAGED: &str = "
  CREATE INDEX stage_operator_seq ON stage_operator (seq);
  CREATE INDEX stage_floor_seq ON stage_floor (seq);
  CREATE INDEX stage_pbo_seq ON stage_pbo (seq);
  CREATE INDEX stage_pto_seq ON stage_pto (seq);
  CREATE INDEX stage_fibre_seq ON stage_fibre (seq);
  CREATE INDEX stage_contract_seq ON stage_contract (seq);
  CREATE INDEX stage_report_seq ON stage_report (seq);
  CREATE INDEX stage_past_seq ON stage_past (seq)";

/// A commit of nothing that anybody sees, which PostgreSQL waits for like for any other.
pub(super) const CATCH_UP: &str = "SELECT pg_logical_emit_message(TRUE, 'ereprov', '')";

/// What PostgreSQL's planner has to know of what was staged and found; SQLite's finds its way by the
/// statements.
pub(super) static KNOW_STAGED: Statement = Statement {
    name: "load.know_staged",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE stage_place, stage_box, stage_floor, stage_pbo, stage_pto, stage_fibre, stage_contract, stage_past",
    columns: OnceLock::new(),
};
pub(super) static KNOW_REPORTS: Statement = Statement {
    name: "load.know_reports",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE stage_report, stage_fact, met_pbo",
    columns: OnceLock::new(),
};
pub(super) static KNOW_SITES: Statement = Statement {
    name: "load.know_sites",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE new_site",
    columns: OnceLock::new(),
};
pub(super) static KNOW_FLOORS: Statement = Statement {
    name: "load.know_floors",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE new_floor",
    columns: OnceLock::new(),
};
pub(super) static KNOW_PLACES: Statement = Statement {
    name: "load.know_places",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE key_place, stage_pbo",
    columns: OnceLock::new(),
};
pub(super) static KNOW_BOXES: Statement = Statement {
    name: "load.know_boxes",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE new_pbo, key_box, key_pto",
    columns: OnceLock::new(),
};
/// The same of places and PBOs in a first load.
pub(super) static KNOW_FIRST: Statement = Statement {
    name: "load.know_first",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE new_pbo, key_place, key_box",
    columns: OnceLock::new(),
};
pub(super) static KNOW_FIRST_FIBRES: Statement = Statement {
    name: "load.know_first_fibres",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE fibre (id, contract_id)",
    columns: OnceLock::new(),
};
pub(super) static KNOW_FIBRES: Statement = Statement {
    name: "load.know_fibres",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE key_fibre",
    columns: OnceLock::new(),
};
pub(super) static KNOW_CONTRACTS: Statement = Statement {
    name: "load.know_contracts",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE key_contract",
    columns: OnceLock::new(),
};
pub(super) static KNOW_CHANGES: Statement = Statement {
    name: "load.know_changes",
    sqlite: "DELETE FROM problem WHERE FALSE",
    postgres: "ANALYZE change_contract, change_fibre, key_fibre, new_past",
    columns: OnceLock::new(),
};

/// What is wrong with the server itself: too old, or another encoding.
pub(super) static SERVER: Statement = Statement {
    name: "dialect.server",
    sqlite: "SELECT 'UTF8' AS encoding, 150000 AS version",
    postgres: "SELECT current_setting('server_encoding') AS encoding,
         CAST(current_setting('server_version_num') AS BIGINT) AS version",
    columns: OnceLock::new(),
};

// What a request in progress holds on PostgreSQL (see `seat.rs`): advisory locks of its connection,
// let go of with it. Sessions have keys of two numbers, decisions of one: they never meet.

/// One of an operator's places that nobody has.
pub(super) static HOLD_SESSION: Statement = Statement {
    name: "seat.hold_session",
    sqlite: "SELECT 1",
    postgres: "SELECT place FROM generate_series(0, CAST($2 AS INTEGER) - 1) AS place
       WHERE pg_try_advisory_lock(CAST($1 AS INTEGER), place) LIMIT 1",
    columns: OnceLock::new(),
};

/// The right to decide about a contract.
pub(super) static HOLD_DECISION: Statement = Statement {
    name: "seat.hold_decision",
    sqlite: "SELECT 1",
    postgres: "SELECT 1 AS held WHERE pg_try_advisory_lock($1)",
    columns: OnceLock::new(),
};

/// All of it.
pub(super) static LET_GO: Statement = Statement {
    name: "seat.let_go",
    sqlite: "SELECT 1",
    postgres: "SELECT pg_advisory_unlock_all()",
    columns: OnceLock::new(),
};

/// What every connection to PostgreSQL is told first. A commit waits for the disk (and for the
/// standby, where the server has one): `off` and `local` would acknowledge what a crash can take
/// back. There is no `statement_timeout`: one that ends the wait of a COMMIT for its standby lets it
/// pass for done. A server that has lost us finds out within seconds, and frees what we held.
pub(super) const SESSION_SETTINGS: &str = "
  SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local');
  SET client_connection_check_interval = '1s';
  SET idle_in_transaction_session_timeout = '30s';
  SET lock_timeout = '5s';
  SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 10000";

/// Those of this file that no other lists.
#[cfg(test)]
pub(super) static ALL: &[&Statement] = &[
    &COLUMNS,
    &NOW,
    &HORIZON,
    &LOCK_SCHEMA,
    &LOCK_KEYS,
    &SERVER,
    &HOLD_SESSION,
    &HOLD_DECISION,
    &LET_GO,
];
