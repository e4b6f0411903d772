//! `ereprov` from outside: the program itself, against the demo network on a free port.
#![expect(clippy::unwrap_used, reason = "a test may stop at the unexpected")]

mod harness;
mod profiles;
mod story;
