//! Lines that were refused, written down so that they can be loaded again once they are right.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Context;

use super::{
    record::Mistake,
    source::{Origin, Source},
};

/// Writes the refused lines of each file under its own name into a folder, and beside them
/// `mistakes.txt`, which says what is wrong with each; answers how many lines.
///
/// # Errors
/// The folder cannot be written, or a file cannot be read again.
pub(super) fn write(
    folder: &Path,
    source: &mut dyn Source,
    refused: &BTreeSet<Origin>,
    mistakes: &[Mistake],
) -> anyhow::Result<u64> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let create = |name: &str| {
        let path = folder.join(name);
        File::create(&path).map(BufWriter::new).with_context(|| path.display().to_string())
    };
    let mut said = create("mistakes.txt")?;
    for mistake in mistakes {
        writeln!(said, "{mistake}")?;
    }
    said.flush()?;
    let mut written = 0;
    for (number, name) in source.files().iter().enumerate() {
        let file = u32::try_from(number)?;
        let of_file = |origin: &&Origin| origin.file == file && origin.line > 1;
        let lines: BTreeSet<_> = refused.iter().filter(of_file).map(|origin| origin.line).collect();
        if lines.is_empty() {
            continue;
        }
        let mut into = create(plain(name))?;
        if source.copy_lines(file, &lines, &mut into)? {
            written += lines.len() as u64;
            into.flush()?;
        } else {
            // Nothing of it can be read again; mistakes.txt says what is wrong.
            let path = folder.join(plain(name));
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(written)
}

/// A file's name once it is unpacked.
fn plain(name: &str) -> &str {
    if name == "standard input" {
        return "standard-input.csv";
    }
    [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}
