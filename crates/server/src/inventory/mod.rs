//! The inventory: how it is read, and how it is loaded.

pub mod export;
pub mod load;
pub mod routes;
pub mod structure;
