//! Rows as both databases give them, and what they add up to.

use sha2::{Digest, Sha256};

use crate::store::{line, value::Param};

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Its name.
    pub table: &'static str,
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over all of them in the order of their key, in hexadecimal.
    pub sha256: String,
}

/// A table that is being added up.
pub(super) struct Summing {
    table: &'static str,
    rows: u64,
    digest: Sha256,
    line: String,
}

impl Summing {
    pub(super) fn new(table: &'static str) -> Self {
        Self { table, rows: 0, digest: Sha256::new(), line: String::new() }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &[Param<'_>]) {
        self.line.clear();
        line::write(&mut self.line, row);
        self.line.push('\n');
        self.digest.update(&self.line);
        self.rows += 1;
    }

    pub(super) fn end(self) -> Sum {
        let sha256 = line::hex(&self.digest.finalize());
        Sum { table: self.table, rows: self.rows, sha256 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[&[Param<'_>]]) -> Sum {
        let mut summing = Summing::new("t");
        for row in rows {
            summing.add(row);
        }
        summing.end()
    }

    #[test]
    fn the_sum_is_that_of_the_documented_text() {
        // printf '5:caf\xc3\xa9;-;-3;true;\n' | sha256sum
        let row = [Param::Text("café"), Param::Null, Param::Int(-3), Param::Bool(true)];
        let expected = "eb1863bd8b6777d70aea6e8f4dc1cb5b799ba7c2d8139b984380be47050da673";
        assert_eq!(sum(&[&row]), Sum { table: "t", rows: 1, sha256: expected.into() });
    }

    #[test]
    fn rows_that_differ_add_up_to_something_else() {
        let (one, two) = (Param::Text("a"), Param::Text("b;1:"));
        assert_ne!(sum(&[&[one, two]]), sum(&[&[two, one]]));
        assert_ne!(sum(&[&[Param::Text("")]]), sum(&[&[Param::Null]]));
        assert_ne!(sum(&[&[Param::Text("1")]]), sum(&[&[Param::Int(1)]]));
        assert_ne!(sum(&[&[one], &[two]]).sha256, sum(&[&[one, two]]).sha256);
    }
}
