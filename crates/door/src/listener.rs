//! The accept loop: bounds on connections and on the time that headers take, and a stop that lets
//! every request end.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{BoxError, Router, body::Bytes, response::Response};
use hyper::{
    Request,
    body::{Body, Incoming},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Peer,
    crowd::Crowd,
    head,
    ip_list::IpList,
    stall::Stalling,
    tls::{Tls, presented},
};

/// Bytes of a request's head at the most.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Headers of a request at the most.
const HEADERS_MAX: usize = 64;
/// How long to wait when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct ListenerLimits {
    /// Connections at once; more wait in the system's queue.
    pub connections_max: usize,
    /// Connections at once from one address (an IPv6 /64); one more is closed.
    pub connections_per_address_max: usize,
    /// For a piece of an answer to be taken by the caller.
    pub write_stall: Duration,
    /// For a request's head to arrive, on a new connection or an idle one.
    pub head_read: Duration,
    /// For requests that have begun, once a stop is asked for.
    pub drain: Duration,
}

/// What is served.
pub trait Site: Clone + Send + Sync + 'static {
    /// The answer to a request, whose head is well-formed.
    fn answer<B>(self, request: Request<B>, peer: Peer) -> impl Future<Output = Response> + Send
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
}

/// Each request brings its [`Peer`] as an extension.
impl Site for Router {
    async fn answer<B>(self, mut request: Request<B>, peer: Peer) -> Response
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        request.extensions_mut().insert(peer);
        let Ok(response) = TowerToHyperService::new(self).call(request).await;
        response
    }
}

/// Serves connections until told to stop, then lets every request that has begun end. Those of
/// `proxies` are not counted by address: each brings many callers.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    site: impl Site,
    limits: ListenerLimits,
    proxies: IpList,
    stop: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    let crowd = Crowd::new(limits.connections_per_address_max, proxies);
    let places = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Some(visitor) = crowd.enter(peer.ip()) else {
            crowd.turn_away(peer.ip());
            continue;
        };
        let (watcher, site, tls) = (graceful.watcher(), site.clone(), tls.clone());
        tokio::spawn(async move {
            // Small answers leave at once; where it cannot be set they leave a little later.
            let _ = stream.set_nodelay(true);
            let stream = Stalling::new(stream, limits.write_stall);
            // Whatever ends a connection early is the caller's affair.
            match tls {
                None => {
                    let peer = Peer { address: peer, certificate: None };
                    let _ = watcher.watch(connection(stream, peer, site, limits)).await;
                }
                Some(tls) => match tls.accept(stream, limits.head_read).await {
                    Ok(stream) => {
                        let peer = Peer { address: peer, certificate: presented(&stream) };
                        let _ = watcher.watch(connection(stream, peer, site, limits)).await;
                    }
                    Err(error) => {
                        tracing::info!(address = %peer.ip(), %error, "no TLS with this caller");
                    }
                },
            }
            drop((place, visitor));
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time were cut off");
    }
}

/// What a request's head must not be does not get to the site.
fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    site: impl Site,
    limits: ListenerLimits,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        let site = site.clone();
        async move {
            Ok::<_, Infallible>(match head::refuse(&request) {
                Some(refused) => refused,
                None => site.answer(request, peer).await,
            })
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_read)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service)
}
