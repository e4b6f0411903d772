//! A proxy between a client and a service that cuts connections at random bytes, before and after the
//! service commits; and, for services that know no `Idempotency-Key`, takes that away.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A proxy, until dropped.
pub struct Cutting {
    pub port: u16,
    pub cuts: Arc<AtomicBool>,
    pub counted: Arc<[AtomicU64; 4]>,
    accepting: JoinHandle<()>,
}

/// What becomes of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Whole,
    /// Cut when so many bytes of the question have gone through.
    Question(usize),
    /// The whole question goes through, and nobody waits for the answer.
    Waiting,
    /// Cut when so many bytes of the answer have gone through.
    Answer(usize),
}

impl Cutting {
    /// In front of a port; `names`: whether `Idempotency-Key` goes through.
    pub async fn start(target: u16, seed: u64, names: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::new(AtomicBool::new(true));
        let counted = Arc::<[AtomicU64; 4]>::default();
        let (cutting, counting) = (Arc::clone(&cuts), Arc::clone(&counted));
        let accepting = tokio::spawn(async move {
            let mut chance = seed | 1;
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let fate = fate(&mut chance, cutting.load(Ordering::SeqCst));
                let number = match fate {
                    Fate::Whole => 0,
                    Fate::Question(_) => 1,
                    Fate::Waiting => 2,
                    Fate::Answer(_) => 3,
                };
                counting[number].fetch_add(1, Ordering::SeqCst);
                tokio::spawn(connect(client, target, fate, names));
            }
        });
        Self { port, cuts, counted, accepting }
    }

    /// Whole connections, then those cut in the question, while waiting, and in the answer.
    pub fn counts(&self) -> [u64; 4] {
        [0, 1, 2, 3].map(|number| self.counted[number].load(Ordering::SeqCst))
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn next(chance: &mut u64, below: u64) -> usize {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    usize::try_from((*chance >> 16) % below).unwrap()
}

/// Half of the connections are cut. A question has some 1000 bytes, an answer some 800.
fn fate(chance: &mut u64, cuts: bool) -> Fate {
    match next(chance, 6) {
        0 if cuts => Fate::Question(next(chance, 1000)),
        1 if cuts => Fate::Waiting,
        2 if cuts => Fate::Answer(next(chance, 900)),
        _ => Fate::Whole,
    }
}

async fn connect(client: TcpStream, target: u16, fate: Fate, names: bool) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (question_max, answer_max) = match fate {
        Fate::Whole | Fate::Waiting => (usize::MAX, usize::MAX),
        Fate::Question(bytes) => (bytes, usize::MAX),
        Fate::Answer(bytes) => (usize::MAX, bytes),
    };
    let up = async {
        let mut sent = 0;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 {
                return io::Result::Ok(());
            }
            without_names(&mut buffer[..count], names);
            let part = count.min(question_max - sent);
            to_server.write_all(&buffer[..part]).await?;
            sent += part;
            let ended = buffer[..count].ends_with(b":Envelope>");
            if part < count || (fate == Fate::Waiting && ended) {
                return Ok(());
            }
        }
    };
    let down = async {
        let mut sent = 0;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await?;
            if count == 0 {
                return io::Result::Ok(());
            }
            without_names(&mut buffer[..count], names);
            let part = count.min(answer_max - sent);
            to_client.write_all(&buffer[..part]).await?;
            sent += part;
            if part < count || sent == answer_max {
                return Ok(());
            }
        }
    };
    tokio::select! { ended = up => ended, ended = down => ended }
}

/// Renames the headers by which a client and a service agree on a name, to others of the same length.
pub fn without_names(bytes: &mut [u8], names: bool) {
    const RENAMED: [(&[u8], &[u8]); 2] = [
        (b"idempotency-key-kept:", b"x-is-of-no-use-to-it:"),
        (b"idempotency-key:", b"x-is-of-no-uses:"),
    ];
    if names {
        return;
    }
    for (name, instead) in RENAMED {
        if let Some(at) =
            bytes.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))
        {
            bytes[at..at + instead.len()].copy_from_slice(instead);
        }
    }
}
