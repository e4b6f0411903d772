//! The client from outside: a real service on a free port, and others that are not ours.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the unexpected")]

mod harness;
mod methods;
