//! Seen from outside: logs, metrics, health.

pub mod log;
pub mod metrics;
pub mod pages;
