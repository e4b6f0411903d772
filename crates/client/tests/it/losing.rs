//! A proxy that lets everything through but the answer to the first put: the service has done it, and whoever
//! asked does not know.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::cutting::without_names;

/// A proxy, until dropped.
pub struct Losing {
    pub port: u16,
    lost: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

impl Losing {
    /// In front of a port; `names`: whether `Idempotency-Key` goes through.
    pub async fn start(target: u16, names: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lost = Arc::<AtomicBool>::default();
        let loses = Arc::clone(&lost);
        let accepting = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(connect(client, target, names, Arc::clone(&loses)));
            }
        });
        Self { port, lost, accepting }
    }

    /// Whether it has lost an answer yet.
    pub fn has_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Losing {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(
    client: TcpStream,
    target: u16,
    names: bool,
    lost: Arc<AtomicBool>,
) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", target)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let is_put = AtomicBool::new(false);
    let up = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 {
                return io::Result::Ok(());
            }
            let part = &mut buffer[..count];
            without_names(part, names);
            if part.windows(18).any(|window| window == b"putReprovisionning") {
                is_put.store(true, Ordering::SeqCst);
            }
            to_server.write_all(part).await?;
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await?;
            if count == 0 {
                return io::Result::Ok(());
            }
            if is_put.load(Ordering::SeqCst) && !lost.swap(true, Ordering::SeqCst) {
                return Ok(());
            }
            without_names(&mut buffer[..count], names);
            to_client.write_all(&buffer[..count]).await?;
        }
    };
    tokio::select! { ended = up => ended, ended = down => ended }
}
