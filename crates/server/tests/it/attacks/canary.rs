//! What must never be touched: a listener and a file.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tempfile::NamedTempFile;

/// In no document but the file.
const SECRET: &str = "le canari chante 7f3a";

/// A listener that counts who comes, and a file whose content is in no answer.
pub struct Canary {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    file: NamedTempFile,
}

impl Canary {
    pub fn sing() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&visits);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        let mut file = NamedTempFile::new().unwrap();
        write!(file, "{SECRET}").unwrap();
        Self { address, visits, file }
    }

    /// Where a fetcher would go.
    pub fn url(&self) -> String {
        format!("http://{}/canari", self.address)
    }

    /// Host and port alone, for schemes of all kinds.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What a reader of files would open.
    pub fn path(&self) -> String {
        self.file.path().display().to_string()
    }

    pub fn file_url(&self) -> String {
        format!("file://{}", self.path())
    }

    /// Whether a text tells what is in the file.
    pub fn is_told_in(text: &str) -> bool {
        text.contains(SECRET)
    }

    /// Nobody came; and somebody who comes is seen.
    pub fn was_left_alone(&self) {
        // For whoever would come a little later.
        thread::sleep(Duration::from_millis(200));
        assert_eq!(self.visits.load(Ordering::SeqCst), 0, "the canary was contacted");
        drop(TcpStream::connect(self.address).unwrap());
        while self.visits.load(Ordering::SeqCst) == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
