//! Rows on their way into the tables that a load works on.

use std::{collections::HashMap, pin::Pin};

use tokio::sync::mpsc::Receiver;
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use crate::store::{
    StoreError, Tx,
    tx::Connection,
    value::{Param, Value},
};

/// Which of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Staged {
    /// Places, as they are met.
    Place,
    /// PBOs as lines name them, as they are met.
    Box,
    /// Operators
    Operator,
    /// Floors
    Floor,
    /// PBOs
    Pbo,
    /// Sockets
    Pto,
    /// Fibres
    Fibre,
    /// Contracts
    Contract,
    /// Contracts, as the reports of their orders have them
    Report,
    /// What reports do not say
    Fact,
    /// Past re-provisionings
    Past,
}

impl Staged {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Place,
        Self::Box,
        Self::Operator,
        Self::Floor,
        Self::Pbo,
        Self::Pto,
        Self::Fibre,
        Self::Contract,
        Self::Report,
        Self::Fact,
        Self::Past,
    ];

    /// Its name and its columns: `i` INTEGER, `b` BIGINT, `t` TEXT, `y` BOOLEAN.
    const fn shape(self) -> (&'static str, &'static str) {
        match self {
            Self::Place => ("stage_place", "itttt"),
            Self::Box => ("stage_box", "iit"),
            Self::Operator => ("stage_operator", "iiittttbb"),
            Self::Floor => ("stage_floor", "iiii"),
            Self::Pbo => ("stage_pbo", "iiiitt"),
            Self::Pto => ("stage_pto", "iiiitt"),
            Self::Fibre => ("stage_fibre", "iiiitttttttttt"),
            Self::Contract => ("stage_contract", "iiiiitttttttyytt"),
            Self::Report => ("stage_report", "iiittytttttttytt"),
            Self::Fact => ("stage_fact", "iiitttty"),
            Self::Past => ("stage_past", "iiitttttyttbb"),
        }
    }

    /// How many columns it has.
    pub fn columns(self) -> usize {
        self.shape().1.len()
    }
}

/// Rows of one table, one value after the other.
#[derive(Debug)]
pub struct Batch {
    /// Of which.
    pub table: Staged,
    /// Its values, row by row, in the order of its columns.
    pub values: Vec<Value>,
}

/// How much was staged.
#[derive(Debug, Clone, Default)]
pub(super) struct Amounts {
    rows: HashMap<Staged, u64>,
    /// Whether a fibre says by whom it is held.
    pub(super) holders: bool,
}

impl Amounts {
    /// Rows of a table.
    pub(super) fn of(&self, table: Staged) -> u64 {
        self.rows.get(&table).copied().unwrap_or_default()
    }

    /// Rows of all tables.
    pub(super) fn all(&self) -> u64 {
        self.rows.values().sum()
    }

    fn count(&mut self, batch: &Batch) {
        let columns = batch.table.columns();
        *self.rows.entry(batch.table).or_default() += (batch.values.len() / columns) as u64;
        let mut rows = batch.values.chunks(columns);
        self.holders |= batch.table == Staged::Fibre
            && rows.any(|row| row.last().is_some_and(|holder| !matches!(holder, Value::Null)));
    }
}

/// Puts rows into their table, on SQLite.
pub(super) fn fill(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    let (name, shape) = batch.table.shape();
    let Connection::Sqlite(connection) = &mut tx.connection else { return Err(other()) };
    let marks: Vec<_> = (1..=shape.len()).map(|n| format!("?{n}")).collect();
    let text = format!("INSERT INTO {name} VALUES ({})", marks.join(", "));
    let mut statement = connection.prepare_cached(&text)?;
    for row in batch.values.chunks(shape.len()) {
        for (index, value) in row.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value.as_param())?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

/// Puts the rows of every batch that comes into their tables, on PostgreSQL; what goes on in one table is one
/// COPY.
pub(super) async fn fill_all(
    tx: &mut Tx<'_>,
    batches: &mut Receiver<Batch>,
    took: &mut dyn FnMut(),
) -> Result<Amounts, StoreError> {
    let Connection::Postgres(transaction) = &mut tx.connection else { return Err(other()) };
    let mut open: Option<(Staged, Pin<Box<BinaryCopyInWriter>>)> = None;
    let mut staged = Amounts::default();
    while let Some(batch) = batches.recv().await {
        staged.count(&batch);
        let (name, shape) = batch.table.shape();
        let mut writer = match open.take() {
            Some((table, writer)) if table == batch.table => writer,
            before => {
                if let Some((_, mut writer)) = before {
                    writer.as_mut().finish().await?;
                }
                let types: Vec<_> = shape.chars().map(of_postgres).collect();
                let text = format!("COPY {name} FROM STDIN (FORMAT binary)");
                let sink = transaction.copy_in(&text).await?;
                Box::pin(BinaryCopyInWriter::new(sink, &types))
            }
        };
        let mut params: Vec<Param<'_>> = Vec::with_capacity(shape.len());
        for row in batch.values.chunks(shape.len()) {
            params.clear();
            params.extend(row.iter().map(Value::as_param));
            let row: Vec<_> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            writer.as_mut().write(&row).await?;
        }
        open = Some((batch.table, writer));
        took();
    }
    if let Some((_, mut writer)) = open {
        writer.as_mut().finish().await?;
    }
    Ok(staged)
}

fn other() -> StoreError {
    StoreError::Bug("a load on another database".into())
}

fn of_postgres(kind: char) -> Type {
    match kind {
        'i' => Type::INT4,
        'b' => Type::INT8,
        'y' => Type::BOOL,
        _ => Type::TEXT,
    }
}
