//! The client from outside: a real service on a free port, and others that are not ours.
#![expect(clippy::unwrap_used, reason = "a test may stop at the unexpected")]

mod cutting;
mod digests;
mod doubling;
mod foreign;
mod harness;
mod hostile;
mod losing;
mod methods;
mod processes;
mod rules;
mod samples;
mod ways;
mod within;
