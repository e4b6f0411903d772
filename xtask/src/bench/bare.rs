//! The server to compare with: axum and hyper as the service uses them, and the same bytes from
//! memory; no login, no quota, no audit, no database.

use std::{
    io::{Read, Write},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Response},
    routing::any,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;

use super::load;

struct Canned {
    headers: HeaderMap,
    body: Bytes,
}

/// Answers every question with the answer in a file, until its standard input ends.
pub fn serve(file: &Path) -> anyhow::Result<()> {
    let canned = Arc::new(canned(&std::fs::read(file)?)?);
    std::thread::spawn(|| {
        // Whoever started this is gone.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        writeln!(std::io::stdout(), "{address}")?;
        let path = "/hermesDeploiement/eReprov/2.0";
        let router = Router::new().route(path, any(answer)).with_state(canned);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let service = TowerToHyperService::new(router.clone());
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10))
                .max_buf_size(32 * 1024)
                .max_headers(64)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    })
}

/// The question's body is read, as the service reads it, and not looked at.
async fn answer(State(canned): State<Arc<Canned>>, _question: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(canned.body.clone()));
    *response.headers_mut() = canned.headers.clone();
    response
}

fn canned(answer: &[u8]) -> anyhow::Result<Canned> {
    let end = load::head_end(answer).context("an answer has a head")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        // These two hyper writes by itself.
        if !matches!(name.to_ascii_lowercase().as_str(), "date" | "content-length") {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            headers.insert(name, HeaderValue::from_str(value)?);
        }
    }
    Ok(Canned { headers, body: Bytes::copy_from_slice(&answer[end..]) })
}
