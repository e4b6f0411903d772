//! The portal from outside, on a socket, against the demo network or a service that misbehaves.
#![expect(clippy::unwrap_used, reason = "a test may stop at the unexpected")]

mod answers;
mod browser;
mod budget;
#[path = "../../../client/tests/it/cutting.rs"]
#[expect(dead_code, reason = "the client's tests count what was cut")]
mod cutting;
mod gate;
mod harness;
mod line;
mod lost;
mod others;
mod phone;
mod story;
mod trouble;
