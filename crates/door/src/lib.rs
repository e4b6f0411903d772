//! The door of both programs: an accept loop with bounds, TLS, where a caller is behind proxies,
//! hashes of passwords, locks on files. It knows nothing of what is served.

mod crowd;
pub mod file_lock;
pub mod fingerprint;
pub mod forwarded;
mod head;
pub mod ip_list;
mod listener;
pub mod password;
pub mod pem;
mod stall;
pub mod tls;

use std::net::SocketAddr;

pub use listener::{ListenerLimits, Site, serve};

use fingerprint::Fingerprint;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Where it comes from.
    pub address: SocketAddr,
    /// The certificate that it presented, which one of the configured authorities issued.
    pub certificate: Option<Fingerprint>,
}
