//! Starts the service and stops it: listeners, driver, database.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context, bail};
use ereprov_door::{file_lock::FileLock, ip_list::IpList, serve, tls::Tls};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admission::verify::Credentials,
    chain::sealer::Sealer,
    clock::{Clock, Entropy},
    config::Config,
    http::{self, readings::Readings},
    network::Networks,
    notify::worker::Worker,
    reprovisioning::driver::Driver,
    service::Service,
    soap::recent::Recent,
    store::{Location, Store},
    telemetry::metrics::Metrics,
};

/// A service that runs, until [`Running::stop`].
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where those who watch are served.
    pub telemetry: Option<SocketAddr>,
    /// What it holds.
    pub service: Arc<Service>,
    /// Its worker, for tests that step it by hand.
    pub driver: Driver,
    /// Who seals its audit, for the same.
    pub sealer: Sealer,
    /// Its other worker, who tells the operators.
    pub notifier: Worker,
    accepting: CancellationToken,
    working: CancellationToken,
    listeners: TaskTracker,
    workers: TaskTracker,
    claim: Claim,
}

/// What a caller decides about a start.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// Whether the driver and the sealer work by themselves; a test that holds the clock steps them by
    /// hand.
    pub driver_runs: bool,
}

/// The right to serve a database, held until it is dropped: on SQLite, sessions and the contracts
/// being decided are counted in the memory of one process. PostgreSQL serves many.
#[derive(Debug)]
pub struct Claim {
    _lock: Option<FileLock>,
}

/// Claims the database that a configuration names.
///
/// # Errors
/// Another service has it, or its folder cannot be written.
pub fn claim(config: &Config) -> anyhow::Result<Claim> {
    Ok(match config.location()? {
        Location::Sqlite(path) => match claim_file(&path)? {
            Some(claim) => claim,
            None => bail!("another ereprovd serves {}", path.display()),
        },
        Location::Postgres(_) => Claim { _lock: None },
    })
}

/// Claims a SQLite file; `None`: another process has it.
///
/// # Errors
/// Its folder cannot be written.
pub fn claim_file(database: &Path) -> anyhow::Result<Option<Claim>> {
    let path = database.with_extension("lock");
    let lock = FileLock::take(&path).with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(lock.map(|lock| Claim { _lock: Some(lock) }))
}

/// Starts a service on a database that was claimed and opened.
///
/// # Errors
/// An address cannot be listened on, or a file of TLS cannot be used.
pub async fn start(
    config: &Config,
    claim: Claim,
    store: Store,
    parts: Parts,
) -> anyhow::Result<Running> {
    let tls = config.tls()?.map(Tls::load).transpose()?.map(Arc::new);
    let listener = listen(config.server.listen, "server.listen").await?;
    let address = listener.local_addr()?;
    let telemetry_listener = match config.telemetry.listen()? {
        Some(wanted) => Some(listen(wanted, "telemetry.listen").await?),
        None => None,
    };
    let telemetry = telemetry_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    let store = store.within(config.database_deadline());
    let service = Arc::new(service(config, store, &parts, address)?);
    let driver = driver(config, &service, &parts);
    let sealer = sealer(config, &service);
    let notifier = notifier(config, &driver, service.public_url.clone())?;

    let (accepting, working) = (CancellationToken::new(), CancellationToken::new());
    let (listeners, workers) = (TaskTracker::new(), TaskTracker::new());
    let site = http::Site::new(Arc::clone(&service), &config.server.path);
    let limits = config.listener_limits();
    if let Some(tls) = &tls {
        workers.spawn(Arc::clone(tls).watch(working.clone()));
    }
    let proxies = service.proxies.trusted.clone();
    listeners.spawn(serve(listener, tls, site, limits, proxies, accepting.clone()));
    if let Some(listener) = telemetry_listener {
        let router = http::telemetry_router(Arc::clone(&service));
        // Those who watch may watch the stop.
        let none = IpList::default();
        workers.spawn(serve(listener, None, router, limits, none, working.clone()));
    }
    if parts.driver_runs {
        workers.spawn(driver.clone().run(working.clone()));
        workers.spawn(sealer.clone().run(working.clone()));
        workers.spawn(notifier.clone().run(working.clone()));
    }
    listeners.close();
    workers.close();
    Ok(Running {
        address,
        telemetry,
        service,
        driver,
        sealer,
        notifier,
        accepting,
        working,
        listeners,
        workers,
        claim,
    })
}

impl Running {
    /// Accepts no more requests, lets those that have begun end, and the driver's steps with them.
    pub async fn stop(self) {
        self.service.in_progress.close();
        self.accepting.cancel();
        self.listeners.wait().await;
        self.service.in_progress.wait().await;
        self.working.cancel();
        self.workers.wait().await;
        self.service.store.close().await;
        drop(self.claim);
    }
}

/// The administration's own worker, which works on one job at a time and has no listener.
///
/// # Errors
/// The configuration's Networks cannot be read.
pub fn admin_driver(config: &Config, store: Store, parts: &Parts) -> anyhow::Result<Driver> {
    let networks = Networks::new(store.clone(), parts.clock.clone(), config.networks()?);
    Ok(Driver {
        store,
        networks,
        clock: parts.clock.clone(),
        entropy: parts.entropy.clone(),
        patience: config.patience(),
        lease: config.lease(),
        bell: Arc::new(Notify::new()),
        ended: Arc::new(Notify::new()),
        metrics: Arc::new(Metrics::new()),
    })
}

fn service(
    config: &Config,
    store: Store,
    parts: &Parts,
    address: SocketAddr,
) -> anyhow::Result<Service> {
    let Parts { clock, entropy, .. } = parts.clone();
    let metrics = Arc::new(Metrics::new());
    let hashed = metrics.passwords_hashed();
    Ok(Service {
        networks: Networks::new(store.clone(), clock.clone(), config.networks()?),
        store,
        profiles: config.profiles()?,
        credentials: Credentials::new(&entropy, config.verifying(), hashed),
        proxies: config.proxies()?,
        digests: config.digests(&entropy)?,
        clock,
        entropy,
        metrics,
        bell: Arc::new(Notify::new()),
        in_progress: TaskTracker::new(),
        capacity: Arc::new(Semaphore::new(config.server.requests_at_once_max)),
        recent: Recent::default(),
        readings: Readings::default(),
        limits: config.limits(),
        public_url: config.public_url(address),
    })
}

fn driver(config: &Config, service: &Service, parts: &Parts) -> Driver {
    Driver {
        store: service.store.clone(),
        networks: service.networks.clone(),
        clock: parts.clock.clone(),
        entropy: parts.entropy.clone(),
        patience: config.patience(),
        lease: config.lease(),
        bell: Arc::clone(&service.bell),
        ended: Arc::new(Notify::new()),
        metrics: Arc::clone(&service.metrics),
    }
}

fn sealer(config: &Config, service: &Service) -> Sealer {
    Sealer {
        store: service.store.clone(),
        clock: service.clock.clone(),
        metrics: Arc::clone(&service.metrics),
        settings: config.sealing(),
    }
}

/// Who tells the operators; the driver rings its bell.
///
/// # Errors
/// Keys or layouts of the configuration cannot be read.
pub fn notifier(config: &Config, driver: &Driver, public_url: String) -> anyhow::Result<Worker> {
    let keyring = config.keyring()?.map(Arc::new);
    let webhook = match keyring {
        // Nothing could be signed.
        None => Err("login.secret_key_file is not set".to_owned()),
        Some(_) => config.webhook().map_err(|error| {
            // Folders go on; whoever has a webhook is told by its own error, too.
            tracing::warn!(%error, "there can be no webhooks");
            error.to_string()
        }),
    };
    Ok(Worker {
        store: driver.store.clone(),
        clock: driver.clock.clone(),
        entropy: driver.entropy.clone(),
        patience: config.notify_patience(),
        layouts: Arc::new(config.layouts(public_url)?),
        webhook,
        keyring,
        bell: Arc::clone(&driver.ended),
        metrics: Arc::clone(&driver.metrics),
    })
}

async fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({setting})"))
}
