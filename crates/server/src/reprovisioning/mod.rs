//! Re-provisioning: the request, its follow-up, and the work that carries it to its end.

pub mod admin;
pub mod discharge_code;
pub mod driver;
pub mod export;
pub mod request;
pub mod status;
pub mod steps;
