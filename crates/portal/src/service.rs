//! The service that the portal asks, with every call seen: whoever makes one within [`watched`] is told.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use ereprov_client::{Client, Clock, Endpoint, Entropy, Exchange, Patience, SetupError};

/// A client whose calls the portal can count.
pub struct Service {
    pub(crate) client: Client,
    pub(crate) entropy: Entropy,
}

/// Who is told of each exchange.
pub(crate) trait Watcher: Send + Sync {
    /// One call has ended, however it did.
    fn saw(&self, exchange: &Exchange);
}

tokio::task_local! {
    static WATCHER: Arc<dyn Watcher>;
}

/// Does something, and tells the watcher of each of its calls.
pub(crate) async fn watched<T>(watcher: Arc<dyn Watcher>, work: impl Future<Output = T>) -> T {
    WATCHER.scope(watcher, work).await
}

impl Service {
    /// A service on the machine's clock and chance, with two readings about a put that has no answer, and none
    /// sent again without a tap; processes that name the same folder share seats, count
    /// and unsettled puts. Who finds both seats taken for three seconds stands in the portal's line.
    ///
    /// # Errors
    /// Something of the endpoint, or the folder, cannot be used.
    pub fn new(endpoint: Endpoint, folder: &Path) -> Result<Self, SetupError> {
        let patience = Patience {
            reads: [2, 28].map(Duration::from_secs).to_vec(),
            settled_after: Duration::from_secs(30),
            sends_max: 1,
        };
        let endpoint = endpoint.patience(patience).seat_timeout(Duration::from_secs(3));
        Self::with(endpoint, folder, Clock::System, Entropy::system())
    }

    /// The same with a clock, chance and the endpoint's patience of the caller's own.
    ///
    /// # Errors
    /// Something of the endpoint, or the folder, cannot be used.
    pub fn with(
        endpoint: Endpoint,
        folder: &Path,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, SetupError> {
        let endpoint = endpoint.observer(|exchange| {
            // A call outside of any intervention is nobody's.
            let _ = WATCHER.try_with(|watcher| watcher.saw(exchange));
        });
        let client = Client::with(endpoint, folder, clock, entropy.clone())?;
        Ok(Self { client, entropy })
    }

    /// Now, in milliseconds since 1970-01-01 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        self.client.clock().now_ms()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("client", &self.client).finish_non_exhaustive()
    }
}
