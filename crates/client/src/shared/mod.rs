//! What the processes of one operator share, in a folder: seats, the month's calls, puts whose outcome
//! is not known. Every lock is the machine's and ends with the process that holds it.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

pub(crate) mod ledger;
pub(crate) mod pending;
pub(crate) mod seats;

/// The folder of one operator at one service.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The operator's folder within the folder of all, made where it is not there; nobody else may read
    /// it.
    pub(crate) fn open(all: &Path, service: &str, login: &str) -> io::Result<Self> {
        let folder = all.join(format!("{}+{}", file_name(service), file_name(login)));
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file that stays, for the locks on it and the bytes in it.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        open_private(&self.join(name), OpenOptions::new().create(true).truncate(false))
    }
}

/// Opens a file to read and write, which nobody else may read.
pub(crate) fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.read(true).write(true).open(path)
}

/// A name of a file for any text; different texts have different names, whatever the case.
pub(crate) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => name.push(char::from(byte)),
            // File systems that fold case would take A for a.
            b'A'..=b'Z' => name.push_str(&format!("_{}", char::from(byte.to_ascii_lowercase()))),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe_and_tell_apart() {
        assert_eq!(file_name("MUT-1"), "_m_u_t-1");
        assert_eq!(file_name("../é"), "..%2f%c3%a9");
        let texts = ["A", "a", "_a", "%61", "a b", "a/b"];
        let names: std::collections::BTreeSet<_> = texts.iter().map(|t| file_name(t)).collect();
        assert_eq!(names.len(), texts.len());
    }
}
