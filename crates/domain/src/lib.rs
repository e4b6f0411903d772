//! The rules of e-Reprov, and nothing else: no I/O, no clock, no database, no error code.

pub mod eligibility;
pub mod foresight;
pub mod order;
pub mod reason;
pub mod refs;
pub mod refusal;
pub mod reprovisioning;
pub mod route;
mod tokens;

pub use refusal::Refusal;
