//! The service that is flooded, and how large it gets.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use tokio::task::JoinHandle;

use crate::bench::process::Service;

/// Files that may be open after a flood beside those before it: the honest callers' connections.
pub(super) const FILES_KEPT: usize = 24;
/// Between two looks at its size.
const LOOK: Duration = Duration::from_millis(50);
/// The default of `server.connections_max`.
pub(super) const CONNECTIONS_MAX: usize = 1024;

/// A service with the settings that it has by default.
pub(super) struct Server {
    service: Service,
    pid: u32,
}

/// How large a process is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    /// Open files, connections among them.
    pub(super) files: usize,
    /// Memory that it has, in KiB.
    pub(super) memory_kib: u64,
}

impl Server {
    pub(super) fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut service = Service::prepare(program, folder, "sqlite")?;
        service.load_demo()?;
        service.start()?;
        let pid = service.pid()?;
        Ok(Self { service, pid })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.service.address()
    }

    pub(super) fn sizes(&self) -> anyhow::Result<Sizes> {
        sizes(self.pid)
    }

    /// Looks again and again, until told to stop.
    pub(super) fn watch(&self) -> Watched {
        let (stop, pid) = (Arc::new(AtomicBool::new(false)), self.pid);
        let stopped = Arc::clone(&stop);
        let looking = tokio::spawn(async move {
            let mut highest = Sizes::default();
            while !stopped.load(Ordering::Relaxed) {
                let now = sizes(pid)?;
                highest.files = highest.files.max(now.files);
                highest.memory_kib = highest.memory_kib.max(now.memory_kib);
                tokio::time::sleep(LOOK).await;
            }
            Ok(highest)
        });
        Watched { stop, looking }
    }
}

/// A look at a process that goes on.
pub(super) struct Watched {
    stop: Arc<AtomicBool>,
    looking: JoinHandle<anyhow::Result<Sizes>>,
}

impl Watched {
    /// The largest it was.
    pub(super) async fn stop(self) -> anyhow::Result<Sizes> {
        self.stop.store(true, Ordering::Relaxed);
        self.looking.await?
    }
}

fn sizes(pid: u32) -> anyhow::Result<Sizes> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).context("the service is gone")?.count();
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = memory.and_then(|text| text.trim().strip_suffix(" kB")).context("VmRSS")?;
    Ok(Sizes { files, memory_kib: memory.parse()? })
}
