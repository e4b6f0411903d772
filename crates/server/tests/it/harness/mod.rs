//! A server, a client, a clock in hand.

mod answer;
pub mod authority;
mod beside;
mod caller;
pub mod digest;
mod network;
mod oi;
pub mod postgres;
mod program;
#[path = "../../../../../xtask/src/torture/proxy.rs"]
pub mod proxy;
mod question;
pub mod raw;
pub mod receiver;
mod schema;
mod settings;
mod wait;

pub use answer::{Reply, count};
pub use beside::Beside;
pub use caller::{Caller, basic, envelope};
pub use network::{MUT, Role, fibre};
pub use oi::{Oi, Setup, loading};
pub use program::{
    Process, demo_config, failed, free_port, import_demo, printed, program, run, run_with_input,
};
pub use question::{NAMESPACE, Put, get, routes, routes_at, structure};
pub use wait::eventually;
