//! The service from outside: a real server on a free port, real requests, as an OC sends them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the unexpected")]

mod admin;
mod attacks;
mod audit_chain;
mod backup;
mod certificates;
mod codes;
mod connections;
mod copy_store;
mod crash;
mod digest;
mod disk_full;
mod failing;
mod faults;
mod harness;
mod http;
mod injector;
mod instances;
mod isolation;
mod loading;
mod login;
mod login_admin;
mod login_backoff;
mod login_proxies;
mod naming;
mod races;
mod recalled;
mod rules;
mod samples;
mod secured;
mod simulation;
mod stacks;
mod telemetry;
mod tls;
mod who;
mod workflow;
