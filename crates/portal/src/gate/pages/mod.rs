//! The gate's own pages.

pub(super) mod password;
pub(super) mod sign_in;
pub(super) mod sign_out;
