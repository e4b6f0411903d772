//! A PostgreSQL database of a test's own. A missing server is a failure: `scripts/test` starts one.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};

/// The URL of a fresh database.
pub async fn fresh() -> String {
    create("template0").await
}

/// The URL of a copy of a database, to which nobody else is connected.
pub async fn copy(url: &str) -> String {
    let (_, name) = url.rsplit_once('/').expect("the URL ends in a database");
    create(name).await
}

async fn create(template: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names a PostgreSQL server; scripts/test starts one");
    let name = format!("it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE DATABASE {name} TEMPLATE {template} LC_COLLATE 'C'");
    connect(&server).await.batch_execute(&create).await.unwrap();
    let (base, _) = server.rsplit_once('/').expect("the URL ends in a database");
    format!("{base}/{name}")
}

/// A connection of the test's own.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
