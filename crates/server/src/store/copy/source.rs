//! The SQLite file that is read, on one snapshot that nobody changes under us.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{
    sum::{Sum, Summing},
    table::{Column, Kind, Table},
};
use crate::store::{
    StoreError,
    sqlite::open_connection,
    tx,
    value::{Param, Value},
};

/// Rows that travel together, and how many such groups wait at the most.
const BATCH: usize = 500;
const BATCHES_MAX: usize = 4;

pub(super) type Row = Vec<Value>;

/// An open file.
pub(super) struct Source {
    connection: Arc<Mutex<Connection>>,
}

impl Source {
    /// Opens the file, and keeps every writer off it (an administrator's command would be lost).
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// For a transaction on it, before anything is read.
    pub(super) fn connection(&mut self) -> tx::Connection<'_> {
        let connection = Arc::get_mut(&mut self.connection).expect("nothing is read yet");
        tx::Connection::Sqlite(connection.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// What each table holds.
    pub(super) async fn sums(&self, tables: &[Table]) -> Result<Vec<Sum>, StoreError> {
        let (connection, tables) = (Arc::clone(&self.connection), tables.to_vec());
        told(spawn_blocking(move || {
            let connection = lock(&connection);
            tables.iter().map(|table| sum(&connection, table)).collect()
        }))
        .await
    }

    /// Every row of a table in the order of its key, and, once they are all taken, their sum.
    pub(super) fn rows(&self, table: &Table) -> (mpsc::Receiver<Vec<Row>>, Reading) {
        let (sender, batches) = mpsc::channel(BATCHES_MAX);
        let (connection, table) = (Arc::clone(&self.connection), table.clone());
        let reading = spawn_blocking(move || {
            let mut batch = Vec::with_capacity(BATCH);
            let gone = || StoreError::Unavailable("nobody takes the rows any more".into());
            let sum = each_row(&lock(&connection), &table, |row| {
                batch.push(row.iter().map(|value| Value::of(*value)).collect());
                if batch.len() < BATCH {
                    return Ok(());
                }
                sender.blocking_send(std::mem::take(&mut batch)).map_err(|_| gone())
            })?;
            sender.blocking_send(batch).map_err(|_| gone())?;
            Ok(sum)
        });
        (batches, reading)
    }
}

pub(super) type Reading = JoinHandle<Result<Sum, StoreError>>;

/// What a thread came back with.
pub(super) async fn told<T>(thread: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    thread.await.map_err(|error| StoreError::Bug(error.to_string()))?
}

/// What a table holds.
pub(super) fn sum(connection: &Connection, table: &Table) -> Result<Sum, StoreError> {
    each_row(connection, table, |_| Ok(()))
}

fn each_row(
    connection: &Connection,
    table: &Table,
    mut take: impl FnMut(&[Param<'_>]) -> Result<(), StoreError>,
) -> Result<Sum, StoreError> {
    let mut summing = Summing::new(table.name);
    let mut statement = connection.prepare(&table.select(""))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut values = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            values.push(value(column, row.get_ref(index)?).ok_or_else(|| {
                StoreError::Broken(format!("{}: unexpected value in a column", table.name).into())
            })?);
        }
        summing.add(&values);
        take(&values)?;
    }
    Ok(summing.end())
}

/// A value as its column's type has it; SQLite itself would keep any in any column.
fn value<'a>(column: &Column, value: ValueRef<'a>) -> Option<Param<'a>> {
    match (column.kind, value) {
        (_, ValueRef::Null) => Some(Param::Null),
        (Kind::Integer | Kind::Bigint, ValueRef::Integer(number)) => Some(Param::Int(number)),
        (Kind::Boolean, ValueRef::Integer(0)) => Some(Param::Bool(false)),
        (Kind::Boolean, ValueRef::Integer(1)) => Some(Param::Bool(true)),
        (Kind::Text, ValueRef::Text(text)) => std::str::from_utf8(text).ok().map(Param::Text),
        _ => None,
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
