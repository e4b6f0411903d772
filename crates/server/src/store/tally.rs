//! Calls of one group of use cases, counted in memory and written once, before the group is committed.
//!
//! It holds only while nobody else can write: the SQLite writer's transaction is open from the first
//! count to the writing. What undoes a part of a use case (`Tx::undo_to_mark`) does not undo a count in it:
//! a use case that has counted either ends well or fails.

/// The counts of a group, by operator and month.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Count>);

/// The calls of one operator in one month.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) operator_id: i64,
    pub(super) month: String,
    /// What the database has.
    pub(super) written: i64,
    /// What it will have.
    pub(super) used: i64,
}

impl Tally {
    /// What is counted here; `None`: the database has to be asked.
    pub(super) fn find(&mut self, operator_id: i64, month: &str) -> Option<&mut Count> {
        self.0.iter_mut().find(|count| count.operator_id == operator_id && count.month == month)
    }

    /// Begins with what the database has.
    pub(super) fn begin(&mut self, operator_id: i64, month: &str, written: i64) -> &mut Count {
        let month = month.to_owned();
        self.0.push_mut(Count { operator_id, month, written, used: written })
    }

    /// What is to be written.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Count> {
        self.0.iter().filter(|count| count.used > count.written)
    }
}

impl Count {
    /// Counts one call; `None`: it would be one over the limit, and is not counted.
    pub(super) fn one(&mut self, limit: i64) -> Option<i64> {
        if self.used >= limit {
            return None;
        }
        self.used += 1;
        Some(self.used)
    }
}
