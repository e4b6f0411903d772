//! The database of a service, seen and touched beside it.

use tokio_postgres::Client;

use super::postgres;

/// A connection of the test's own.
pub enum Beside {
    Sqlite(rusqlite::Connection),
    Postgres(Client),
}

impl Beside {
    pub async fn open(file: &std::path::Path, url: Option<&str>) -> Self {
        match url {
            Some(url) => Self::Postgres(postgres::connect(url).await),
            None => Self::Sqlite(rusqlite::Connection::open(file).unwrap()),
        }
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(client) => client.batch_execute(sql).await.unwrap(),
        }
    }

    /// The one number that a query answers.
    pub async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::Sqlite(connection) => connection.query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Postgres(client) => client.query_one(sql, &[]).await.unwrap().get(0),
        }
    }

    /// The texts that a query answers.
    pub async fn lines(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).unwrap();
                let lines = statement.query_map([], |row| row.get(0)).unwrap();
                lines.map(Result::unwrap).collect()
            }
            Self::Postgres(client) => {
                let rows = client.query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Keeps everybody else from writing.
    pub async fn hold(&self) {
        match self {
            Self::Sqlite(_) => self.run("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => {
                self.run("BEGIN; LOCK TABLE audit, monthly_usage IN EXCLUSIVE MODE").await;
            }
        }
    }

    /// Lets everybody write again.
    pub async fn let_go(&self) {
        self.run("ROLLBACK").await;
    }
}
