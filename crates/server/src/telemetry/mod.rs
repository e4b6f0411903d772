//! Seen from outside: logs, metrics, health.

mod line;
pub mod log;
pub mod metrics;
pub mod pages;
mod writer;
