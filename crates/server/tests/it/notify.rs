//! Operators are told what became of their re-provisionings, whatever their servers and ours do.

mod commands;
mod crash;
mod delivery;
mod instances;
mod rig;
