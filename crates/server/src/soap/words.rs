//! French words for English ones, and back.

pub(super) use ereprov_words::{construction, reason, usage};
pub(crate) use ereprov_words::{motif, state};
