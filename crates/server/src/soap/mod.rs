//! Where the wire's French meets the domain's English, and nowhere else.

mod answer;
pub mod endpoint;
mod get_reprovisionning;
mod get_ro_site;
mod get_site_structure;
mod put_reprovisionning;
pub(crate) mod words;

pub use answer::{Refused, advice, ko};
