//! One question and what came back, for those who trace.

use std::{sync::Arc, time::Duration};

use ereprov_wire::operation::Operation;

use crate::error::Code;

/// A question that was sent, and its answer. Passwords and headers of the caller's own are masked.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The method asked.
    pub operation: Operation,
    /// The headers of the question.
    pub sent_headers: Vec<(String, String)>,
    /// The question.
    pub sent: String,
    /// The status of the answer; none where there is no answer.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub received_headers: Vec<(String, String)>,
    /// The answer as it came, or why there is none.
    pub received: String,
    /// What the service said: OK, or the code of its no; none: nothing came that could be understood, or a fault
    /// without a code.
    pub said: Option<Result<(), Code>>,
    /// How long it took.
    pub took: Duration,
}

pub(crate) type Observer = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// What stands for a secret.
pub(crate) const MASK: &str = "***";
