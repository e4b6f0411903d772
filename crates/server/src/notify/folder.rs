//! A notification as a file in a folder: there whole, or not at all.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::facts::Facts;
use crate::calendar;

/// Who else may read a file: whoever the folder's group is.
const MODE: u32 = 0o640;

/// Writes a file, which has its name once it is on the disk. Its name is made of the end that it
/// tells of: told again, it is the same file.
///
/// # Errors
/// The folder is not there, or cannot be written.
pub fn deliver(folder: &Path, facts: &Facts, extension: &str, text: &str) -> io::Result<()> {
    let mut made = tempfile::Builder::new().prefix(".notif-").tempfile_in(folder)?;
    made.write_all(text.as_bytes())?;
    made.as_file().set_permissions(PermissionsExt::from_mode(MODE))?;
    made.as_file().sync_all()?;
    made.persist(folder.join(name(facts, extension))).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// `NOTIF_REPROV_`, when it ended, and its id: by name, they come in the order in which they ended.
fn name(facts: &Facts, extension: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
    };
    // Of UTC, which has no hour twice.
    let ended = calendar::exact(calendar::parse(&facts.ended).unwrap_or_default());
    let ended: String = ended.chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    format!("NOTIF_REPROV_{ended}Z_{}.{extension}", plain(&facts.id))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_file_is_whole_and_told_again_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let facts = Facts { id: "../019343a4-0000".into(), ..Facts::sample(true) };
        for _ in 0..2 {
            deliver(folder.path(), &facts, "csv", "a;b\n").unwrap();
        }
        let all: Vec<_> = folder.path().read_dir().unwrap().map(Result::unwrap).collect();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].file_name(), "NOTIF_REPROV_20261123T131009Z_019343a4-0000.csv");
        assert_eq!(std::fs::read_to_string(all[0].path()).unwrap(), "a;b\n");
        assert_eq!(all[0].metadata().unwrap().mode() & 0o777, 0o640);
        assert!(deliver(&folder.path().join("missing"), &facts, "csv", "").is_err());
    }
}
