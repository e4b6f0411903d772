//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Beside callers' connections: the database's files and connections, the log, the listeners.
const OWN: u64 = 256;

/// Raises the limit to what the system allows: the one that a process is born with (1024 on many
/// systems) is meant for programs that serve one person. What the hard limit is short of `connections`
/// is told in the log; the connections beyond it wait to be accepted.
pub fn raise(connections: usize) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let in_force = getrlimit(Resource::Nofile).current;
    if let Err(error) = raised {
        tracing::warn!(%error, in_force, "the limit of open files stays as it is");
    }
    let wanted = connections as u64 + OWN;
    if in_force.is_some_and(|in_force| in_force < wanted) {
        tracing::warn!(
            in_force,
            wanted,
            "the system allows fewer open files than server.connections_max needs (ulimit -n)"
        );
    }
}
