//! A TCP proxy on the loopback whose faults are scripted: it cuts, hangs, delays, and cuts in the
//! middle of a COMMIT of PostgreSQL.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::{AbortHandle, JoinHandle},
};

/// What a proxy does with what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Forwards it.
    Forward,
    /// Accepts it and forwards nothing.
    Hang,
    /// Forwards each piece of it after a while.
    Delay(Duration),
}

/// A proxy, until dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    mode: watch::Sender<Mode>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Connections that are open, by number.
    open: Mutex<BTreeMap<u64, AbortHandle>>,
    next: AtomicU64,
    /// Whether the next COMMIT is cut.
    cuts_commit: AtomicBool,
    commits_cut: AtomicU64,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, AbortHandle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// A proxy on a free port, to a port of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub(crate) async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::<Shared>::default();
        let (mode, follows) = watch::channel(Mode::Forward);
        let accepting = tokio::spawn(accept(listener, target, Arc::clone(&shared), follows));
        Ok(Self { port, shared, mode, accepting })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Cuts every connection; answers how many.
    pub(crate) fn cut_all(&self) -> u64 {
        let mut open = self.shared.open();
        let count = open.len() as u64;
        for connection in std::mem::take(&mut *open).into_values() {
            connection.abort();
        }
        count
    }

    /// Cuts one connection, if there is one, by a number that may be any; answers how many.
    pub(crate) fn cut_one(&self, which: u64) -> u64 {
        let mut open = self.shared.open();
        let count = open.len() as u64;
        let number = open.keys().nth(usize::try_from(which % count.max(1)).unwrap_or_default());
        let Some(connection) = number.copied().and_then(|number| open.remove(&number)) else {
            return 0;
        };
        connection.abort();
        1
    }

    /// The next COMMIT is forwarded, and its connection cut when the server's reply comes.
    pub(crate) fn cut_next_commit(&self) {
        self.shared.cuts_commit.store(true, Ordering::SeqCst);
    }

    /// How many commits were cut.
    pub(crate) fn commits_cut(&self) -> u64 {
        self.shared.commits_cut.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut_all();
    }
}

async fn accept(
    listener: TcpListener,
    target: u16,
    shared: Arc<Shared>,
    follows: watch::Receiver<Mode>,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        // Held until the connection is listed, so that it ends after that.
        let mut open = shared.open();
        let task = tokio::spawn({
            let (shared, follows) = (Arc::clone(&shared), follows.clone());
            async move {
                // However it ends, both sides are closed.
                let _ = connect(client, target, &shared, follows).await;
                shared.open().remove(&number);
            }
        });
        open.insert(number, task.abort_handle());
    }
}

async fn connect(
    mut client: TcpStream,
    target: u16,
    shared: &Shared,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    pass(&mut mode).await;
    let mut server = TcpStream::connect(("127.0.0.1", target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let swallows = AtomicBool::new(false);
    tokio::select! {
        ended = up(from_client, to_server, shared, &swallows, mode.clone()) => ended,
        ended = down(from_server, to_client, &swallows, mode) => ended,
    }
}

/// Waits for as long as the mode says.
async fn pass(mode: &mut watch::Receiver<Mode>) {
    let now = mode.wait_for(|mode| *mode != Mode::Hang).await.map(|mode| *mode);
    if let Ok(Mode::Delay(time)) = now {
        tokio::time::sleep(time).await;
    }
}

async fn up(
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
    shared: &Shared,
    swallows: &AtomicBool,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        pass(&mut mode).await;
        let piece = &buffer[..count];
        if is_commit(piece) && shared.cuts_commit.swap(false, Ordering::SeqCst) {
            // Its reply is the end of the connection.
            swallows.store(true, Ordering::SeqCst);
            shared.commits_cut.fetch_add(1, Ordering::SeqCst);
        }
        server.write_all(piece).await?;
    }
}

/// The driver sends it as a simple query of its own.
fn is_commit(piece: &[u8]) -> bool {
    piece.windows(7).any(|text| text == b"COMMIT\0")
}

async fn down(
    mut server: ReadHalf<'_>,
    mut client: WriteHalf<'_>,
    swallows: &AtomicBool,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = server.read(&mut buffer).await?;
        if count == 0 || swallows.load(Ordering::SeqCst) {
            return Ok(());
        }
        pass(&mut mode).await;
        client.write_all(&buffer[..count]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each piece with itself, and says what it got.
    async fn echo() -> (u16, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        tell.send(buffer[..count].to_vec()).unwrap();
                        stream.write_all(&buffer[..count]).await.unwrap();
                    }
                });
            }
        });
        (port, told)
    }

    async fn say(stream: &mut TcpStream, text: &[u8]) -> io::Result<usize> {
        stream.write_all(text).await?;
        let mut buffer = [0; 64];
        let soon = Duration::from_millis(300);
        tokio::time::timeout(soon, stream.read(&mut buffer)).await?
    }

    #[tokio::test]
    async fn it_forwards_hangs_and_cuts() {
        let (port, _told) = echo().await;
        let proxy = Proxy::start(port).await.unwrap();
        let mut one = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        let mut other = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        assert_eq!(say(&mut one, b"hello").await.unwrap(), 5);
        assert_eq!(say(&mut other, b"hello").await.unwrap(), 5);
        proxy.set(Mode::Hang);
        let hung = say(&mut one, b"hello").await.unwrap_err();
        assert_eq!(hung.kind(), io::ErrorKind::TimedOut);
        proxy.set(Mode::Forward);
        let mut buffer = [0; 5];
        one.read_exact(&mut buffer).await.unwrap();
        assert_eq!(proxy.cut_one(7), 1);
        assert_eq!(proxy.cut_all(), 1);
        assert!(matches!(say(&mut one, b"hello").await, Ok(0) | Err(_)));
        assert!(matches!(say(&mut other, b"hello").await, Ok(0) | Err(_)));
        assert_eq!(proxy.cut_all(), 0);
    }

    #[tokio::test]
    async fn a_commit_reaches_the_server_and_its_reply_does_not_come_back() {
        let (port, mut told) = echo().await;
        let proxy = Proxy::start(port).await.unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        proxy.cut_next_commit();
        assert_eq!(say(&mut stream, b"Q\0\0\0\x0aSELECT\0").await.unwrap(), 12);
        assert!(matches!(say(&mut stream, b"Q\0\0\0\x0bCOMMIT\0").await, Ok(0) | Err(_)));
        assert_eq!(told.recv().await.unwrap(), b"Q\0\0\0\x0aSELECT\0");
        assert_eq!(told.recv().await.unwrap(), b"Q\0\0\0\x0bCOMMIT\0");
        assert_eq!(proxy.commits_cut(), 1);
        let mut next = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        assert_eq!(say(&mut next, b"Q\0\0\0\x0bCOMMIT\0").await.unwrap(), 12);
    }
}
