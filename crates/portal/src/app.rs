//! What the portal is made of, and how it is served.

use std::{sync::Arc, time::Duration};

use axum::Router;
use ereprov_door::{ListenerLimits, pem::PemError, tls::Tls};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    flow::Flow,
    gate::{self, BadSettings, Gate},
    pages::{self, Templates},
    service::Service,
    settings::Settings,
    store::{Store, StoreError},
};

/// Everything that a page needs.
pub(crate) struct App {
    pub settings: Settings,
    pub store: Store,
    pub service: Arc<Service>,
    pub templates: Templates,
    pub gate: Gate,
    pub flow: Arc<Flow>,
}

/// As the handlers have it.
pub(crate) type Shared = Arc<App>;

/// Why a portal does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its database cannot be used.
    #[error("the portal's database cannot be used")]
    Store(#[from] StoreError),
    /// Something that was said about it cannot be.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// A file of its TLS.
    #[error(transparent)]
    Tls(#[from] PemError),
}

/// Serves the portal until `stop` ends; what is on its way to the service then is finished first.
///
/// # Errors
/// Its settings, its database or a file of its TLS cannot be used.
pub async fn serve(
    settings: Settings,
    service: Service,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let _alone = Store::claim(&settings.data_folder)?;
    let store = Store::open(&settings.data_folder)?;
    let service = Arc::new(service);
    let app = Arc::new(App {
        templates: Templates::new(),
        gate: Gate::new(&settings, &service.entropy)?,
        flow: Flow::new(store.clone(), Arc::clone(&service), settings.pace.clone()),
        settings,
        store,
        service,
    });
    gate::end_without_way_in(&app.store, &app.settings.sign_in).await?;
    app.flow.resume().await?;
    let tls = app.settings.door.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
    let stopped = CancellationToken::new();
    let watching = tls.as_ref().map(|tls| tokio::spawn(Arc::clone(tls).watch(stopped.clone())));
    let sweeping = tokio::spawn(gate::sweep_for_ever(Arc::clone(&app)));
    let (asked, flow) = (stopped.clone(), Arc::clone(&app.flow));
    let trusted = app.settings.door.proxies.trusted.clone();
    let telling = tokio::spawn(async move {
        stop.await;
        flow.stop();
        asked.cancel();
    });
    ereprov_door::serve(listener, tls, router(Arc::clone(&app)), LIMITS, trusted, stopped).await;
    app.flow.finish().await;
    sweeping.abort();
    telling.abort();
    if let Some(watching) = watching {
        watching.abort();
    }
    Ok(())
}

/// What connections may take. Phones of one mobile network share addresses.
const LIMITS: ListenerLimits = ListenerLimits {
    connections_max: 1024,
    connections_per_address_max: 256,
    write_stall: Duration::from_secs(30),
    head_read: Duration::from_secs(15),
    drain: Duration::from_secs(20),
};

/// Every page, behind the gate.
fn router(app: Shared) -> Router {
    let all = pages::routes().merge(gate::routes());
    gate::around(all, &app).with_state(app)
}
