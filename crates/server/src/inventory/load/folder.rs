//! The files that a load is given: a folder's, or single ones.

use std::{
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, bail, ensure};

use super::{
    csv::{CsvSource, Input, shapes_order},
    input::{Place, spool},
    lines::Encoding,
    shapes,
};

/// A source of our own format, with the time that its files are of: the oldest one's last change, in
/// ms since 1970; `None`: standard input says none.
///
/// # Errors
/// A folder has no file of an inventory, or a `.csv` file that is none; a file cannot be read.
pub fn open(
    paths: &[PathBuf],
    encoding: Encoding,
    spool_in: &Path,
) -> anyhow::Result<(CsvSource, Option<i64>)> {
    let mut inputs = Vec::new();
    let mut oldest = Some(i64::MAX);
    for path in paths {
        if path.as_os_str() == "-" {
            let (name, place) = ("standard input".to_owned(), spool(spool_in)?);
            inputs.push(Input { name, place, shape: None });
            oldest = None;
            continue;
        }
        let facts = path.metadata().with_context(|| path.display().to_string())?;
        if facts.is_dir() {
            read_folder(path, &mut inputs)?;
        } else {
            let name = name_of(path);
            let shape = shapes::of_name(&name);
            inputs.push(Input { name, place: Place::Path(path.clone()), shape });
        }
    }
    for input in &inputs {
        if let (Place::Path(path), Some(before)) = (&input.place, oldest) {
            let changed = path.metadata()?.modified()?.duration_since(UNIX_EPOCH)?;
            oldest = Some(before.min(i64::try_from(changed.as_millis())?));
        }
    }
    inputs.sort_by(|a, b| (shapes_order(a), &a.name).cmp(&(shapes_order(b), &b.name)));
    Ok((CsvSource { inputs, encoding }, oldest))
}

fn read_folder(folder: &Path, inputs: &mut Vec<Input>) -> anyhow::Result<()> {
    let before = inputs.len();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let name = name_of(&path);
        match shapes::of_name(&name) {
            Some(shape) => {
                ensure!(path.is_file(), "{} is not a file", path.display());
                inputs.push(Input { name, place: Place::Path(path), shape: Some(shape) });
            }
            None if is_csv(&name) => {
                let nearest = shapes::nearest(&name);
                bail!("{name} is not a file of an inventory; did you mean {nearest}?");
            }
            None => {}
        }
    }
    let names: Vec<_> = shapes::ALL.iter().map(|shape| format!("{}.csv", shape.name)).collect();
    ensure!(inputs.len() > before, "{} has none of {}", folder.display(), names.join(", "));
    Ok(())
}

pub(super) fn is_csv(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".csv.gz", ".csv.zst"].iter().any(|end| name.ends_with(end))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
