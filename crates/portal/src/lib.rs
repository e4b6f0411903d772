//! The technicians' portal: from a contract to its new fibre, on a phone, against any e-Reprov FTTH 2.0
//! service. A commercial operator (OC) runs it for its people.
//!
//! `flow` decides what is asked of the service and when, and keeps it; `pages` show it, one file a screen;
//! `gate` says who may use it, and writes down who did what.

mod app;
mod flow;
mod gate;
mod pages;
mod service;
mod settings;
mod store;

pub use app::{StartError, serve};
pub use gate::{
    Administration, BadOpenId, BadPassword, BadSettings, BadUrl, NoAccount, OpenId, Person, SignIn,
    journal::Entry,
};
pub use service::Service;
pub use settings::{ColourOrder, Door, Pace, Settings};
pub use store::StoreError;
