//! The calls of one piece of work, counted as they are made.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use ereprov_client::{Code, CodeErreur, Error, Exchange, Operation};

use super::queue::Turn;
use crate::service::Watcher;

/// Who counts.
pub(crate) struct Tally {
    calls: AtomicU32,
    asked: Mutex<Vec<Asked>>,
    request_id: Mutex<Option<String>>,
    turn: Mutex<Option<Turn>>,
    /// What is done once a put has been answered, or has not.
    after_put: Box<dyn Fn() + Send + Sync>,
}

/// A call, and what the service said: OK, or a code; none: nothing that could be understood.
pub(crate) struct Asked {
    pub operation: Operation,
    pub said: Option<Result<(), Code>>,
}

impl Tally {
    /// For work that has its turn; the turn ends with the put, so that nobody waits in line while it is
    /// found out what became of it.
    pub fn new(turn: Turn, after_put: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            calls: AtomicU32::new(0),
            asked: Mutex::default(),
            request_id: Mutex::new(None),
            turn: Mutex::new(Some(turn)),
            after_put: Box::new(after_put),
        }
    }

    /// How many calls were made since the last time; one that found no connection is none.
    pub fn calls<T>(&self, outcome: &Result<T, Error>) -> u32 {
        let calls = self.calls.swap(0, Ordering::SeqCst);
        let unsent = matches!(outcome, Err(Error::NotSent(_)));
        calls.saturating_sub(u32::from(unsent))
    }

    /// What was asked since the last time, in its order.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the service calls the last request in its log.
    pub fn request_id(&self) -> Option<String> {
        self.request_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The turn, where it has not ended.
    pub fn turn(&self) -> Option<Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Watcher for Tally {
    fn saw(&self, exchange: &Exchange) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let said = exchange.said.clone();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(Asked { operation: exchange.operation, said });
        drop(asked);
        let mut headers = exchange.received_headers.iter();
        let id = headers.find(|(name, _)| name.eq_ignore_ascii_case("x-request-id"));
        let id = id.map(|(_, value)| value.clone());
        *self.request_id.lock().unwrap_or_else(PoisonError::into_inner) = id;
        if had_no_place(exchange) {
            return;
        }
        if let Some(turn) = &*self.turn.lock().unwrap_or_else(PoisonError::into_inner) {
            turn.served();
        }
        if exchange.operation == Operation::PutReprovisionning {
            drop(self.turn());
            (self.after_put)();
        }
    }
}

/// Whether the answer is that others have the operator's places.
fn had_no_place(exchange: &Exchange) -> bool {
    let no_place = Code::Known(CodeErreur::TropDeRequetes);
    matches!(&exchange.said, Some(Err(code)) if *code == no_place)
}
