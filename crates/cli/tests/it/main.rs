//! `ereprov` from outside: the program itself, against the demo network on a free port.
#![expect(clippy::unwrap_used, reason = "a test may stop at the unexpected")]

#[path = "../../../client/tests/it/digests.rs"]
mod digests;
mod doctor;
mod failing;
mod foreign;
mod frozen;
mod harness;
mod interrupted;
mod portal;
mod printing;
mod profiles;
mod secrets;
mod story;
mod tour;
mod ways;
