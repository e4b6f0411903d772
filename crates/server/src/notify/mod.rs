//! Operators are told what became of their re-provisionings (§3.4.1, "Notif de Reprovisioning"): at
//! least once, in order for each contract, to a server of theirs or into a folder.

mod deliver;
pub mod event;
pub mod facts;
pub mod folder;
pub mod guard;
pub mod layout;
pub mod sign;
pub mod webhook;
pub mod worker;
