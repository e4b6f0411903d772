//! ereprovd: the e-Reprov FTTH 2.0 service, its workers and its administration.

pub mod admission;
pub mod calendar;
pub mod chain;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod generate;
pub mod http;
pub mod inventory;
pub mod network;
pub mod notify;
pub mod open_files;
pub mod reprovisioning;
pub mod run;
pub mod service;
pub mod soap;
pub mod store;
pub mod telemetry;

pub use ereprov_door::ip_list;
