//! Which numbers of a table the seals have, seal after seal.

use crate::chain::ranges::Ranges;

/// The numbers up to the highest that any seal has.
#[derive(Debug)]
pub(super) struct Coverage {
    to: i64,
    /// Those that none has: few, however many rows there are.
    free: Ranges,
}

impl Coverage {
    pub(super) fn new() -> Self {
        let mut free = Ranges::default();
        free.push(i64::MIN, 0);
        Self { to: 0, free }
    }

    /// A seal has these numbers; false: some of them are another one's.
    pub(super) fn cover(&mut self, numbers: &Ranges) -> bool {
        let mut alone = true;
        for (from, to) in numbers.spans().iter().copied() {
            if from > self.to {
                if from - 1 > self.to {
                    self.free.push(self.to + 1, from - 1);
                }
                self.to = to;
            } else {
                alone &= self.free.take(from, to);
            }
        }
        alone
    }

    /// The highest number that a seal has.
    pub(super) fn to(&self) -> i64 {
        self.to
    }

    /// The numbers below it that none has.
    pub(super) fn free(&self) -> &[(i64, i64)] {
        self.free.spans()
    }
}
