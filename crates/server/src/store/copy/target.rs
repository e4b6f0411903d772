//! The PostgreSQL database that is written, in one transaction.

use std::pin::pin;

use deadpool_postgres::Transaction;
use tokio::sync::mpsc;
use tokio_postgres::{Row as PostgresRow, binary_copy::BinaryCopyInWriter, types::ToSql};

use super::{
    source::Row,
    sum::{Sum, Summing},
    table::{Kind, Table},
};
use crate::store::{
    StoreError, Tx,
    tx::Connection,
    value::{Param, Value, Whole},
};

/// Rows that are read back at a time.
const BATCH: i32 = 2000;

/// An open transaction.
pub(super) struct Target<'t, 'c> {
    transaction: &'t Transaction<'c>,
}

impl<'t, 'c> Target<'t, 'c> {
    pub(super) fn of(tx: &'t Tx<'c>) -> Result<Self, StoreError> {
        match &tx.connection {
            Connection::Postgres(transaction) => Ok(Self { transaction }),
            Connection::Sqlite(_) => Err(StoreError::Bug("a copy goes to PostgreSQL".into())),
        }
    }

    /// Lets nobody write until this ends, however long the source keeps it waiting.
    pub(super) async fn keep_others_out(&self, tables: &[Table]) -> Result<(), StoreError> {
        let all = all(tables);
        self.run(&format!(
            "SET LOCAL idle_in_transaction_session_timeout = 0;
             LOCK TABLE {all} IN EXCLUSIVE MODE"
        ))
        .await
    }

    /// How many connections of services are open to this database.
    pub(super) async fn others(&self) -> Result<i64, StoreError> {
        let text = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
           AND application_name = 'ereprovd' AND pid <> pg_backend_pid()";
        Ok(self.transaction.query_one(text, &[]).await?.try_get(0)?)
    }

    pub(super) async fn empty(&self, tables: &[Table]) -> Result<(), StoreError> {
        self.run(&format!("TRUNCATE {}", all(tables))).await
    }

    /// Writes rows as they come, and lets the planner know of them.
    pub(super) async fn fill(
        &self,
        table: &Table,
        mut batches: mpsc::Receiver<Vec<Row>>,
    ) -> Result<(), StoreError> {
        let (name, columns) = (table.quoted(), table.list());
        let text = format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary)");
        let types: Vec<_> = table.columns.iter().map(|column| column.kind.on_postgres()).collect();
        let sink = self.transaction.copy_in(&text).await.map_err(|error| at(table, error))?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        while let Some(batch) = batches.recv().await {
            for row in &batch {
                let row: Vec<_> = row.iter().map(Value::as_param).collect();
                let row: Vec<_> = row.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
                writer.as_mut().write(&row).await.map_err(|error| at(table, error))?;
            }
        }
        writer.finish().await.map_err(|error| at(table, error))?;
        self.number_on(table).await?;
        self.run(&format!("ANALYZE {name}")).await
    }

    /// Lets the numbers that the database gives go on after those that are there.
    async fn number_on(&self, table: &Table) -> Result<(), StoreError> {
        let numbered = "SELECT CAST(attname AS TEXT) FROM pg_attribute
           WHERE attrelid = to_regclass($1) AND attidentity <> ''";
        for row in self.transaction.query(numbered, &[&table.name]).await? {
            let (name, column) = (table.quoted(), row.try_get::<_, &str>(0)?);
            self.run(&format!(
                "SELECT setval(pg_get_serial_sequence('{name}', '{column}'), MAX({column}))
                 FROM {name} HAVING COUNT(*) > 0"
            ))
            .await?;
        }
        Ok(())
    }

    /// What each table holds.
    pub(super) async fn sums(&self, tables: &[Table]) -> Result<Vec<Sum>, StoreError> {
        let mut sums = Vec::new();
        for table in tables {
            let mut summing = Summing::new(table.name);
            let statement = self.transaction.prepare(&table.select(" COLLATE \"C\"")).await?;
            let portal = self.transaction.bind(&statement, &[]).await?;
            loop {
                let rows = self.transaction.query_portal(&portal, BATCH).await?;
                if rows.is_empty() {
                    break;
                }
                for row in &rows {
                    summing.add(&values(table, row)?);
                }
            }
            sums.push(summing.end());
        }
        Ok(sums)
    }

    async fn run(&self, text: &str) -> Result<(), StoreError> {
        Ok(self.transaction.batch_execute(text).await?)
    }
}

fn all(tables: &[Table]) -> String {
    tables.iter().map(Table::quoted).collect::<Vec<_>>().join(", ")
}

fn at(table: &Table, error: tokio_postgres::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Broken(cause) => {
            let chain = StoreError::Broken(cause).chain();
            StoreError::Broken(format!("table {}: {chain}", table.name).into())
        }
        other => other,
    }
}

fn values<'r>(table: &Table, row: &'r PostgresRow) -> Result<Vec<Param<'r>>, StoreError> {
    let columns = table.columns.iter().enumerate();
    let values = columns.map(|(index, column)| {
        Ok(match column.kind {
            Kind::Integer | Kind::Bigint => {
                row.try_get::<_, Option<Whole>>(index)?.map(|whole| whole.0).into()
            }
            Kind::Text => row.try_get::<_, Option<&str>>(index)?.into(),
            Kind::Boolean => row.try_get::<_, Option<bool>>(index)?.into(),
        })
    });
    values.collect()
}
