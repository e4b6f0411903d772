//! Where the wire's French meets the domain's English, and nowhere else.

mod admit;
mod answer;
pub mod endpoint;
mod get_reprovisionning;
mod get_ro_site;
mod get_site_structure;
mod prove;
mod put_reprovisionning;
pub mod recent;
pub mod reply;
pub mod settle;
mod unfinished;
pub(crate) mod words;

pub use answer::{RETRY_OVERLOADED_S, Refused, cause, client_too_slow, is_code, ko, overloaded};
