//! New connections, so many a second: each asks one thing and is closed, whether answered or not.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

/// Where they come from: a third address.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// For an answer, before it is closed all the same.
const PATIENCE: Duration = Duration::from_secs(1);
const QUESTION: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// A storm that goes on; ended when dropped.
#[derive(Debug)]
pub(super) struct Storm {
    blowing: JoinHandle<()>,
    opened: Arc<AtomicUsize>,
}

impl Storm {
    pub(super) fn start(server: SocketAddr, a_second: u32) -> Self {
        let opened = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&opened);
        let blowing = tokio::spawn(async move {
            if a_second == 0 {
                return;
            }
            let mut ticks = interval(Duration::from_secs(1) / a_second);
            // So many a second, even where this program was kept from it for a moment.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                ticks.tick().await;
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    if timeout(PATIENCE, once(server)).await.is_ok_and(|done| done.is_ok()) {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Self { blowing, opened }
    }

    /// How many were answered.
    pub(super) async fn stop(self) -> usize {
        self.blowing.abort();
        // Those on their way end.
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.opened.load(Ordering::Relaxed)
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.blowing.abort();
    }
}

async fn once(server: SocketAddr) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((ADDRESS, 0).into())?;
    let mut stream = socket.connect(server).await?;
    stream.write_all(QUESTION).await?;
    stream.read_exact(&mut [0; 12]).await.map(drop)
}
