//! The tables of the schema, as a database's catalogue has them.

use tokio_postgres::types::Type;

use crate::store::{
    StoreError, Tx,
    dialect::COLUMNS,
    migrations,
    value::{Row, params},
};

/// A table, with its columns in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    pub(super) kind: Kind,
    /// Its place in the primary key, from 1; 0: none.
    key: i64,
}

/// Whether both databases have the same: SQLite's own key of a row is an INTEGER of 64 bits.
pub(super) fn alike(postgres: &[Table], sqlite: &[Table]) -> bool {
    let same_kind = |a: Kind, b: Kind| a == b || (a, b) == (Kind::Bigint, Kind::Integer);
    let same_columns = |a: &Table, b: &Table| {
        a.columns.len() == b.columns.len()
            && a.columns
                .iter()
                .zip(&b.columns)
                .all(|(a, b)| (&a.name, a.key) == (&b.name, b.key) && same_kind(a.kind, b.kind))
    };
    let names = |tables: &[Table]| tables.iter().map(|table| table.name).collect::<Vec<_>>();
    names(postgres) == names(sqlite) && postgres.iter().zip(sqlite).all(|(a, b)| same_columns(a, b))
}

/// The types that the migrations use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Bigint,
    Text,
    Boolean,
}

/// Every table that the migrations make, each after those it refers to.
///
/// # Errors
/// The schema is a newer program's, which may have tables that this one knows nothing of.
pub(super) async fn of_the_schema(tx: &mut Tx<'_>) -> Result<Vec<Table>, StoreError> {
    if !migrations::is_ours(tx).await? {
        let reason = "a newer ereprovd made one of the two databases; copy with that one";
        return Err(StoreError::Broken(reason.into()));
    }
    let mut tables = Vec::new();
    for name in migrations::tables() {
        let columns = tx.all(&COLUMNS, params![name], column).await?;
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

fn column(row: &Row<'_>) -> Result<Column, StoreError> {
    let name = row.text("name")?;
    Ok(Column { kind: row.word("kind", Kind::named)?, key: row.int("key")?, name })
}

impl Table {
    /// Its columns, as a statement lists them.
    pub(super) fn list(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        names.join(", ")
    }

    /// Everything in it, in the order of its key: text by its bytes, with `collate` saying so.
    pub(super) fn select(&self, collate: &str) -> String {
        let mut key: Vec<_> = self.columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        let order = key.iter().map(|column| match column.kind {
            Kind::Text => format!("{}{collate}", quoted(&column.name)),
            Kind::Integer | Kind::Bigint | Kind::Boolean => quoted(&column.name),
        });
        let order: Vec<_> = order.collect();
        format!("SELECT {} FROM {} ORDER BY {}", self.list(), self.quoted(), order.join(", "))
    }

    pub(super) fn quoted(&self) -> String {
        quoted(self.name)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "INTEGER" => Some(Self::Integer),
            "BIGINT" => Some(Self::Bigint),
            "TEXT" => Some(Self::Text),
            "BOOLEAN" => Some(Self::Boolean),
            _ => None,
        }
    }

    /// PostgreSQL's type.
    pub(super) fn on_postgres(self) -> Type {
        match self {
            Self::Integer => Type::INT4,
            Self::Bigint => Type::INT8,
            Self::Text => Type::TEXT,
            Self::Boolean => Type::BOOL,
        }
    }
}
