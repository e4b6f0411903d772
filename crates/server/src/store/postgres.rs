//! PostgreSQL: pools of connections, a transaction a use case. Whatever the server does, or does not
//! do any more, a use case ends within its deadline, and a connection that failed is not used again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout_at},
};
use tokio_postgres::{IsolationLevel, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    UseCase, Written,
    address::Address,
    dialect::{CATCH_UP, HOLD_DECISION, HOLD_SESSION, LET_GO, SESSION_SETTINGS},
    error::StoreError,
    faults::FaultHook,
    hosts::Hosts,
    statement::Statement,
    tx::{Connection, Tx},
};

/// Connections beside those of the requests in progress: for the driver, for those who watch, and
/// for a request that lost its own.
const OTHERS_MAX: usize = 8;
/// For a use case, where nobody sets another: an import takes its time.
const DEADLINE: Duration = Duration::from_hours(1);
/// For a connection to be made, unless the URL says otherwise.
const CONNECT: Duration = Duration::from_secs(3);
/// For a connection that says nothing to be known dead.
const SILENCE: Duration = Duration::from_secs(10);
/// Between two looks whether a connection that waits for nothing is still there.
const LOOK: Duration = Duration::from_millis(100);
/// How often a use case that the database wants to see again is run in all.
const RUNS_MAX: usize = 5;

/// A PostgreSQL database.
#[derive(Clone)]
pub(super) struct Postgres {
    requests: Pool,
    others: Pool,
    /// The one connection that everything is done on, where this belongs to a request.
    own: Option<Arc<Own>>,
    deadline: Duration,
    hook: FaultHook,
}

/// A connection that is one request's, with what it holds there; PostgreSQL lets go of it when the
/// connection ends, whatever ends it.
struct Own {
    connection: Mutex<Option<Object>>,
    holds: AtomicBool,
}

impl Postgres {
    /// Makes the pools; nothing is connected before the first use case.
    ///
    /// # Errors
    /// The URL is not one of PostgreSQL, or a file that it names cannot be read.
    pub(super) fn open(
        url: &str,
        connections_max: usize,
        hook: FaultHook,
    ) -> Result<Self, StoreError> {
        let address = Address::parse(url).map_err(|reason| StoreError::Broken(reason.into()))?;
        let tls = address.tls()?;
        let mut config = address.config;
        if config.get_application_name().is_none() {
            config.application_name("ereprovd");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.tcp_user_timeout(SILENCE).keepalives_idle(SILENCE / 2);
        config.keepalives_interval(SILENCE / 5).keepalives_retries(3);
        Ok(Self {
            requests: pool(&config, tls.as_ref(), connections_max)?,
            others: pool(&config, tls.as_ref(), OTHERS_MAX)?,
            own: None,
            deadline: DEADLINE,
            hook,
        })
    }

    /// The same, where every use case ends within this time.
    pub(super) fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// A connection for work that has no deadline; whoever takes it closes it.
    pub(super) async fn take(&self) -> Result<Object, StoreError> {
        self.hook.ask("CONNECT")?;
        in_time(Instant::now() + self.deadline, self.others.get()).await?.map_err(Into::into)
    }

    /// Waits until the disk, and the standby that commits wait for, have what anybody has written so far: so a
    /// commit that keeps others waiting has little left to wait for.
    pub(super) async fn catch_up(&self) {
        let waited =
            async { Ok::<_, StoreError>(self.take().await?.batch_execute(CATCH_UP).await?) };
        if let Err(error) = waited.await {
            tracing::warn!(error = error.chain(), "the standby was not waited for");
        }
    }

    /// The same as [`Self::write`] and the like, on one connection of its own.
    pub(super) async fn own(&self) -> Result<Self, StoreError> {
        self.hook.ask("CONNECT")?;
        let connection = in_time(Instant::now() + self.deadline, self.requests.get()).await??;
        let own = Own { connection: Mutex::new(Some(connection)), holds: AtomicBool::new(false) };
        Ok(Self { own: Some(Arc::new(own)), ..self.clone() })
    }

    /// Takes one of `max` places of an operator, on the connection of its own; false: all are taken.
    pub(super) async fn hold_session(
        &self,
        operator_id: i64,
        max: i64,
    ) -> Result<bool, StoreError> {
        let whole = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        self.hold(&HOLD_SESSION, &[&whole(operator_id), &whole(max)]).await
    }

    /// Takes what this key stands for, on the connection of its own; false: somebody has it.
    pub(super) async fn hold_decision(&self, key: i64) -> Result<bool, StoreError> {
        self.hold(&HOLD_DECISION, &[&key]).await
    }

    async fn hold(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<bool, StoreError> {
        let Some(own) = &self.own else { return Err(StoreError::Bug("nobody's place".into())) };
        let mut connection = own.connection.lock().await;
        own.holds.store(true, Ordering::SeqCst);
        let client = connection.as_mut().ok_or_else(lost)?;
        let asked = async {
            self.hook.ask(statement.name)?;
            let prepared = client.prepare_cached(statement.postgres).await?;
            Ok::<_, StoreError>(client.query_opt(&prepared, params).await?)
        };
        let held = in_time(Instant::now() + self.deadline, asked).await;
        let held = held.and_then(|held| held.map_err(|error| error.of(statement)));
        if held.as_ref().is_err_and(StoreError::is_the_connections) {
            close(connection.take());
        }
        Ok(held?.is_some())
    }

    /// Ends when the connection of its own is lost, with what it holds.
    pub(super) async fn lost(&self) {
        let Some(own) = &self.own else { return std::future::pending().await };
        while own.connection.lock().await.as_ref().is_some_and(|client| !client.is_closed()) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets go of everything that the connection of its own holds.
    pub(super) async fn let_go(&self) {
        let Some(own) = self.own.as_ref().filter(|own| own.holds.load(Ordering::SeqCst)) else {
            return;
        };
        let mut connection = own.connection.lock().await;
        let Some(client) = connection.as_mut() else { return };
        let end = Instant::now() + self.deadline;
        let letting_go = async {
            self.hook.ask(LET_GO.name)?;
            Ok::<_, StoreError>(client.batch_execute(LET_GO.postgres).await?)
        };
        match in_time(end, letting_go).await {
            Ok(Ok(())) => own.holds.store(false, Ordering::SeqCst),
            Ok(Err(_)) | Err(_) => close(connection.take()),
        }
    }

    /// Runs a use case; READ COMMITTED, so every statement guards itself. What the database wants to
    /// see again (a deadlock) is run again.
    pub(super) async fn write<A: Send + Sync, T: Send>(
        &self,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<Written<T>, StoreError> {
        let end = Instant::now() + self.deadline;
        let mut runs = 1;
        loop {
            let mut connection = self.connection(end).await?;
            let client = connection.client()?;
            let written = run_and_commit(client, end, &self.hook, &*arguments, use_case).await;
            let failure = match &written {
                Ok(Written::Committed(_)) => None,
                Ok(Written::Unknown(_, error)) | Err(error) => Some(error),
            };
            if failure.is_some_and(StoreError::is_the_connections) {
                connection.close();
            }
            match written {
                Err(StoreError::Again(_)) if runs < RUNS_MAX => runs += 1,
                written => return written,
            }
        }
    }

    /// Runs a use case that only reads, on one snapshot.
    pub(super) async fn read<A: Send + Sync, T: Send>(
        &self,
        arguments: Arc<A>,
        use_case: UseCase<A, T>,
    ) -> Result<T, StoreError> {
        let end = Instant::now() + self.deadline;
        let mut connection = self.connection(end).await?;
        let client = connection.client()?;
        let reading = async {
            self.hook.ask("BEGIN")?;
            let builder = client.build_transaction();
            let builder = builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true);
            let connection = Connection::Postgres(builder.start().await?);
            let mut tx = Tx { connection, hook: &self.hook, tally: None };
            use_case(&mut tx, &arguments).await
        };
        let read = in_time(end, reading).await.and_then(|read| read);
        if read.as_ref().is_err_and(StoreError::is_the_connections) {
            connection.close();
        }
        read
    }

    async fn connection(&self, end: Instant) -> Result<Taken<'_>, StoreError> {
        match &self.own {
            Some(own) => Ok(Taken::Own(in_time(end, own.connection.lock()).await?)),
            None => {
                self.hook.ask("CONNECT")?;
                Ok(Taken::Pooled(Box::new(Some(in_time(end, self.others.get()).await??))))
            }
        }
    }
}

impl Drop for Own {
    /// What could not be let go of (its request hit a bug) goes with the connection.
    fn drop(&mut self) {
        if self.holds.load(Ordering::SeqCst) {
            close(self.connection.get_mut().take());
        }
    }
}

/// A connection in use.
enum Taken<'p> {
    Own(MutexGuard<'p, Option<Object>>),
    Pooled(Box<Option<Object>>),
}

impl Taken<'_> {
    fn slot(&mut self) -> &mut Option<Object> {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection,
        }
    }

    fn client(&mut self) -> Result<&mut Object, StoreError> {
        self.slot().as_mut().ok_or_else(lost)
    }

    fn close(mut self) {
        close(self.slot().take());
    }
}

/// Ends a connection for good, instead of giving it back.
fn close(connection: Option<Object>) {
    connection.map(Object::take);
}

fn lost() -> StoreError {
    StoreError::Unavailable("the request's connection was lost".into())
}

async fn in_time<F: Future>(end: Instant, future: F) -> Result<F::Output, StoreError> {
    let late = |_| StoreError::Unavailable("no answer within the deadline".into());
    timeout_at(end, future).await.map_err(late)
}

async fn run_and_commit<A: Sync, T>(
    client: &mut Object,
    end: Instant,
    hook: &FaultHook,
    arguments: &A,
    use_case: UseCase<A, T>,
) -> Result<Written<T>, StoreError> {
    let running = async {
        hook.ask("BEGIN")?;
        let transaction = client.transaction().await?;
        let connection = Connection::Postgres(transaction);
        let mut tx = Tx { connection, hook, tally: None };
        let outcome = use_case(&mut tx, arguments).await?;
        Ok::<_, StoreError>((tx, outcome))
    };
    let (tx, outcome) = in_time(end, running).await??;
    let Connection::Postgres(transaction) = tx.connection else {
        return Err(StoreError::Bug("a transaction of another database".into()));
    };
    match hook.ask("COMMIT") {
        Ok(()) => {}
        Err(lost @ StoreError::Unavailable(_)) => return Ok(Written::Unknown(outcome, lost)),
        Err(undone) => return Err(undone),
    }
    match in_time(end, transaction.commit()).await {
        Ok(Ok(())) => match hook.ask("COMMITTED") {
            Ok(()) => Ok(Written::Committed(outcome)),
            Err(lost) => Ok(Written::Unknown(outcome, lost)),
        },
        // A constraint, or a conflict: the server says that it was undone. Nothing else says that.
        Ok(Err(error)) if refuses_commit(&error) => Err(error.into()),
        Ok(Err(error)) => Ok(Written::Unknown(outcome, error.into())),
        Err(late) => Ok(Written::Unknown(outcome, late)),
    }
}

fn refuses_commit(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| matches!(&code.code()[..2], "23" | "40"))
}

fn pool(
    config: &tokio_postgres::Config,
    tls: Option<&MakeRustlsConnect>,
    connections_max: usize,
) -> Result<Pool, StoreError> {
    let recycling_method = RecyclingMethod::Fast;
    let hosts = Hosts::of(config, tls.cloned());
    let manager = Manager::from_connect(config.clone(), hosts, ManagerConfig { recycling_method });
    let settings = Hook::async_fn(|client, _| {
        Box::pin(
            async move { client.batch_execute(SESSION_SETTINGS).await.map_err(HookError::Backend) },
        )
    });
    Pool::builder(manager)
        .max_size(connections_max)
        .post_create(settings)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| StoreError::Unavailable(error.into()))
}
