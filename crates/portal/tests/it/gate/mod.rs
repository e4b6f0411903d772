//! The gate from outside: real requests to a real portal.

mod accounts;
pub mod desk;
mod headers;
mod journal;
mod openid;
mod provider;
mod sessions;
mod throttle;
mod tokens;
