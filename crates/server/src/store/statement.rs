//! One SQL text for both databases.

use std::sync::OnceLock;

/// An SQL text with a name, which logs and errors show.
#[derive(Debug)]
pub struct Statement {
    /// Who asks: `table.what`.
    pub name: &'static str,
    /// The text as PostgreSQL takes it, with parameters `$1`, `$2`, …
    pub postgres: &'static str,
    /// The text as SQLite takes it: `?1` is bound by number, `$1` would be by first appearance.
    pub sqlite: &'static str,
    /// The names of the columns of its answer, once SQLite was asked for them.
    pub columns: OnceLock<Box<[Box<str>]>>,
}

impl Statement {
    /// The names of the columns of its answer.
    pub(super) fn columns(&self, prepared: &rusqlite::Statement<'_>) -> &[Box<str>] {
        self.columns.get_or_init(|| prepared.column_names().map(Box::from).collect())
    }
}

/// Makes a [`Statement`] of a name and one text, or of one text for each database where they cannot
/// share it (each such pair stands in `dialect.rs`).
macro_rules! statement {
    ($name:literal, $text:expr) => {{
        const TEXT: &str = $text;
        const NUMBERED: [u8; TEXT.len()] = $crate::store::statement::numbered(TEXT);
        $crate::store::statement::Statement {
            name: $name,
            postgres: TEXT,
            sqlite: match std::str::from_utf8(&NUMBERED) {
                Ok(text) => text,
                Err(_) => panic!("an ASCII character was replaced by another"),
            },
            columns: std::sync::OnceLock::new(),
        }
    }};
}

pub(crate) use statement;

/// Turns `$n` into `?n`.
pub(crate) const fn numbered<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    let mut out = [0; N];
    let mut i = 0;
    while i < N {
        let parameter = bytes[i] == b'$' && i + 1 < N && bytes[i + 1].is_ascii_digit();
        out[i] = if parameter { b'?' } else { bytes[i] };
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Statement;

    #[test]
    fn parameters_are_numbered_for_both() {
        static S: Statement = statement!("test", "SELECT $2 - $1, '$', $12");
        assert_eq!(S.postgres, "SELECT $2 - $1, '$', $12");
        assert_eq!(S.sqlite, "SELECT ?2 - ?1, '$', ?12");
    }
}
