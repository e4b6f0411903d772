//! Every statement that SQLite and PostgreSQL cannot share.

use super::statement::Statement;

/// Takes the leases of due jobs. PostgreSQL passes over rows that another instance is taking at
/// this moment; SQLite has one writer.
pub(super) static CLAIM: Statement = Statement {
    name: "reprovisioning.claim",
    sqlite: "UPDATE reprovisioning SET lease_token = ?1, lease_until_ms = ?2
       WHERE id IN (SELECT id FROM reprovisioning
                    WHERE state IN ('initiated', 'in_progress')
                      AND due_ms <= ?3 AND lease_until_ms <= ?3
                    ORDER BY due_ms LIMIT ?4)
       RETURNING id",
    postgres: "UPDATE reprovisioning SET lease_token = $1, lease_until_ms = $2
       WHERE id IN (SELECT id FROM reprovisioning
                    WHERE state IN ('initiated', 'in_progress')
                      AND due_ms <= $3 AND lease_until_ms <= $3
                    ORDER BY due_ms LIMIT $4
                    FOR UPDATE SKIP LOCKED)
       RETURNING id",
};

/// The tables that are there, whosever they are.
pub(super) static TABLES: Statement = Statement {
    name: "dialect.tables",
    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    postgres: "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
       WHERE schemaname = current_schema()",
};
