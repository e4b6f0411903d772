//! What stands in the database, read by SQL of the checker's own: it shares nothing with the server
//! but the tables.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rusqlite::types::ValueRef;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::check::chain::Value;

/// Where the tables are.
#[derive(Debug)]
pub(super) enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A URL.
    Postgres(String),
}

/// A row: each value as text.
struct Row(Vec<Option<String>>);

impl Row {
    fn optional_text(&self, column: usize) -> Option<String> {
        self.0.get(column).cloned().flatten()
    }

    fn text(&self, column: usize) -> anyhow::Result<String> {
        self.optional_text(column).with_context(|| format!("NULL in column {column}: {:?}", self.0))
    }

    fn optional_int(&self, column: usize) -> anyhow::Result<Option<i64>> {
        let text = self.optional_text(column);
        text.map(|text| text.parse().with_context(|| format!("not a number: {text}"))).transpose()
    }

    fn int(&self, column: usize) -> anyhow::Result<i64> {
        self.optional_int(column)?.with_context(|| format!("NULL in column {column}: {:?}", self.0))
    }
}

/// The tables that the promises are about.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) operators: Vec<Operator>,
    pub(super) contracts: Vec<Contract>,
    pub(super) fibres: Vec<Fibre>,
    pub(super) changes: Vec<Change>,
    pub(super) audit: Vec<Audit>,
    /// Whether the audit says when sessions were opened.
    pub(super) audit_has_sessions: bool,
    pub(super) usage: Vec<Usage>,
    pub(super) names: Vec<Name>,
    /// None where the program knows of none.
    pub(super) chain: Option<Chain>,
}

/// `operator`
#[derive(Debug, Clone, Default)]
pub(super) struct Operator {
    pub(super) id: i64,
    pub(super) login: String,
    pub(super) quota: i64,
    pub(super) sessions: i64,
}

/// `contract`
#[derive(Debug, Clone, Default)]
pub(super) struct Contract {
    pub(super) id: i64,
    pub(super) reference: String,
    pub(super) operator_id: i64,
    pub(super) fibre_id: Option<i64>,
}

/// `fibre`
#[derive(Debug, Clone, Default)]
pub(super) struct Fibre {
    pub(super) id: i64,
    pub(super) reference: String,
    pub(super) contract_id: Option<i64>,
}

/// `reprovisioning`
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    pub(super) contract_id: i64,
    pub(super) number: i64,
    pub(super) operator_id: i64,
    pub(super) request_id: String,
    pub(super) fibre_id: i64,
    pub(super) old_fibre_id: Option<i64>,
    pub(super) discharge_code: String,
    pub(super) state: String,
    pub(super) in_progress_ms: Option<i64>,
    pub(super) ended_ms: Option<i64>,
}

/// `audit`
#[derive(Debug, Clone, Default)]
pub(super) struct Audit {
    pub(super) request_id: String,
    pub(super) at_ms: i64,
    pub(super) operator_id: Option<i64>,
    pub(super) method: String,
    pub(super) code: Option<i64>,
    pub(super) duration_us: i64,
    pub(super) admitted_us: Option<i64>,
}

/// `monthly_usage`
#[derive(Debug, Clone, Default)]
pub(super) struct Usage {
    pub(super) operator_id: i64,
    pub(super) month: String,
    pub(super) used: i64,
}

/// `audit` and `admin_act` whole, in the order of docs/audit.md, and `audit_seal`.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    pub(super) requests: Vec<Vec<Value>>,
    pub(super) acts: Vec<Vec<Value>>,
    pub(super) seals: Vec<Seal>,
}

/// `audit_seal`
#[derive(Debug, Clone, Default)]
pub(super) struct Seal {
    pub(super) number: i64,
    pub(super) sealed_ms: i64,
    pub(super) previous: String,
    pub(super) requests: String,
    pub(super) acts: String,
    pub(super) requests_to: i64,
    pub(super) acts_to: i64,
    pub(super) row_count: i64,
    pub(super) digest: String,
    pub(super) gaps: String,
    pub(super) removed_to: i64,
    pub(super) hash: String,
}

/// `idempotency`
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    pub(super) operator_id: i64,
    pub(super) key: String,
    pub(super) discharge_code: String,
}

impl Database {
    /// Reads the tables; `quota` and `sessions` are those of operators without their own.
    pub(super) async fn facts(&self, quota: i64, sessions: i64) -> anyhow::Result<Facts> {
        let operator = |row: &Row| {
            Ok(Operator {
                id: row.int(0)?,
                login: row.text(1)?,
                quota: row.optional_int(2)?.unwrap_or(quota),
                sessions: row.optional_int(3)?.unwrap_or(sessions),
            })
        };
        let usage = |row: &Row| {
            Ok(Usage { operator_id: row.int(0)?, month: row.text(1)?, used: row.int(2)? })
        };
        let audit_has_sessions = self.rows("SELECT admitted_us FROM audit LIMIT 1").await.is_ok();
        Ok(Facts {
            operators: self
                .all("SELECT id, login, quota, sessions FROM operator", operator)
                .await?,
            contracts: self
                .all("SELECT id, ref, operator_id, fibre_id FROM contract", contract)
                .await?,
            fibres: self.all("SELECT id, ref, contract_id FROM fibre", fibre).await?,
            changes: self.all(CHANGES, change).await?,
            audit: self.audit(audit_has_sessions).await?,
            audit_has_sessions,
            usage: self.all("SELECT operator_id, month, used FROM monthly_usage", usage).await?,
            names: self
                .all("SELECT operator_id, name, discharge_code FROM idempotency", name)
                .await?,
            chain: self.chain().await?,
        })
    }

    /// How many changes have not ended.
    pub(super) async fn running(&self) -> anyhow::Result<i64> {
        let sql = "SELECT COUNT(*) FROM reprovisioning \
                   WHERE state NOT IN ('completed', 'cancelled', 'failed')";
        self.rows(sql).await?.first().context("no count")?.int(0)
    }

    async fn audit(&self, has_sessions: bool) -> anyhow::Result<Vec<Audit>> {
        let admitted = if has_sessions { "admitted_us" } else { "NULL" };
        let sql = format!(
            "SELECT request_id, at_ms, operator_id, method, code, duration_us, {admitted} FROM audit"
        );
        self.all(&sql, |row| {
            Ok(Audit {
                request_id: row.text(0)?,
                at_ms: row.int(1)?,
                operator_id: row.optional_int(2)?,
                method: row.text(3)?,
                code: row.optional_int(4)?,
                duration_us: row.int(5)?,
                admitted_us: row.optional_int(6)?,
            })
        })
        .await
    }

    async fn chain(&self) -> anyhow::Result<Option<Chain>> {
        if self.rows("SELECT number FROM audit_seal LIMIT 1").await.is_err() {
            return Ok(None);
        }
        let requests = "SELECT seq, request_id, at_ms, operator_id, method, contract_ref, code, detail, \
                          duration_us, admitted_us, address FROM audit ORDER BY seq";
        let acts =
            "SELECT seq, id, at_ms, actor, action, subject, reason FROM admin_act ORDER BY seq";
        Ok(Some(Chain {
            requests: self.all(requests, |row| values(row, "ntnnttntnnt")).await?,
            acts: self.all(acts, |row| values(row, "ntntttt")).await?,
            seals: self.all(SEALS, seal).await?,
        }))
    }

    async fn all<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row) -> anyhow::Result<T>,
    ) -> anyhow::Result<Vec<T>> {
        self.rows(sql).await?.iter().map(read).collect()
    }

    async fn rows(&self, sql: &str) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Sqlite(path) => sqlite_rows(path, sql),
            Self::Postgres(url) => postgres_rows(url, sql).await,
        }
        .with_context(|| sql.to_owned())
    }
}

const CHANGES: &str = "SELECT contract_id, number, operator_id, request_id, fibre_id, \
                         old_fibre_id, discharge_code, state, in_progress_ms, ended_ms \
                       FROM reprovisioning ORDER BY contract_id, number";

fn change(row: &Row) -> anyhow::Result<Change> {
    Ok(Change {
        contract_id: row.int(0)?,
        number: row.int(1)?,
        operator_id: row.int(2)?,
        request_id: row.text(3)?,
        fibre_id: row.int(4)?,
        old_fibre_id: row.optional_int(5)?,
        discharge_code: row.text(6)?,
        state: row.text(7)?,
        in_progress_ms: row.optional_int(8)?,
        ended_ms: row.optional_int(9)?,
    })
}

const SEALS: &str = "SELECT number, sealed_ms, previous, requests, acts, requests_to, acts_to, \
                       row_count, digest, gaps, removed_to, hash FROM audit_seal ORDER BY number";

fn seal(row: &Row) -> anyhow::Result<Seal> {
    Ok(Seal {
        number: row.int(0)?,
        sealed_ms: row.int(1)?,
        previous: row.text(2)?,
        requests: row.text(3)?,
        acts: row.text(4)?,
        requests_to: row.int(5)?,
        acts_to: row.int(6)?,
        row_count: row.int(7)?,
        digest: row.text(8)?,
        gaps: row.text(9)?,
        removed_to: row.int(10)?,
        hash: row.text(11)?,
    })
}

/// Every value of a row, each a number (`n`) or a text (`t`), if anything.
fn values(row: &Row, kinds: &str) -> anyhow::Result<Vec<Value>> {
    let value = |(column, kind)| {
        Ok(match kind {
            'n' => row.optional_int(column)?.map_or(Value::Nothing, Value::Number),
            _ => row.optional_text(column).map_or(Value::Nothing, Value::Text),
        })
    };
    kinds.chars().enumerate().map(value).collect()
}

fn contract(row: &Row) -> anyhow::Result<Contract> {
    Ok(Contract {
        id: row.int(0)?,
        reference: row.text(1)?,
        operator_id: row.int(2)?,
        fibre_id: row.optional_int(3)?,
    })
}

fn fibre(row: &Row) -> anyhow::Result<Fibre> {
    Ok(Fibre { id: row.int(0)?, reference: row.text(1)?, contract_id: row.optional_int(2)? })
}

fn name(row: &Row) -> anyhow::Result<Name> {
    Ok(Name { operator_id: row.int(0)?, key: row.text(1)?, discharge_code: row.text(2)? })
}

fn sqlite_rows(path: &Path, sql: &str) -> anyhow::Result<Vec<Row>> {
    let database = rusqlite::Connection::open(path)?;
    database.busy_timeout(std::time::Duration::from_secs(10))?;
    let mut statement = database.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let value = |column| -> anyhow::Result<Option<String>> {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(number.to_string()),
                ValueRef::Text(text) => Some(String::from_utf8(text.to_vec())?),
                other => bail!("{:?} in {sql}", other.data_type()),
            })
        };
        all.push(Row((0..columns).map(value).collect::<Result<_, _>>()?));
    }
    Ok(all)
}

async fn postgres_rows(url: &str, sql: &str) -> anyhow::Result<Vec<Row>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(sql).await;
    drop(client);
    connection.abort();
    let rows = messages?.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some(Row((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()))
        }
        _ => None,
    });
    Ok(rows.collect())
}
