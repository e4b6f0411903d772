//! `ereprovd serve`: the service, until a signal stops it.

use tokio::signal::unix::{SignalKind, signal};

use super::{
    context::{Context, open, parts},
    output::Failure,
};
use crate::{
    open_files,
    run::{self, Running},
    telemetry::log,
};

/// Runs the command.
pub async fn run(context: &Context) -> Result<(), Failure> {
    let config = context.load()?;
    let _log = log::start(config.telemetry.log_format, config.telemetry.log_level);
    open_files::raise(config.listener_limits().connections_max);
    let claim = run::claim(&config)?;
    let store = open(&config).await?;
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let running = run::start(&config, claim, store, parts()).await?;
    tracing::info!(
        address = %running.address,
        wsdl = format!("{}?wsdl", running.service.public_url),
        telemetry = running.telemetry.map(|address| address.to_string()),
        version = env!("CARGO_PKG_VERSION"),
        "listening"
    );
    until_signalled().await?;
    tracing::info!(
        "stopping: requests that have begun are finished; a second signal cuts them off"
    );
    stop(running).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Lets what has begun end, or, at a second signal, does not.
pub async fn stop(running: Running) -> Result<(), Failure> {
    tokio::select! {
        () = running.stop() => Ok(()),
        _ = until_signalled() => Err(anyhow::anyhow!("cut off by a second signal").into()),
    }
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn until_signalled() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(anyhow::Error::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(anyhow::Error::new)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
