//! Certificates in PEM files, for whoever speaks TLS.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct PemError {
    file: PathBuf,
    reason: String,
}

impl PemError {
    /// A file, and what is wrong with it.
    pub fn new(file: &Path, reason: &dyn fmt::Display) -> Self {
        Self { file: file.to_owned(), reason: reason.to_string() }
    }
}

/// The certificates of a file, at least one.
///
/// # Errors
/// It cannot be read, or holds none.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    const EXPECTED: &str = "certificates in PEM are expected";
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all {
        Ok(all) if all.is_empty() => Err(PemError::new(file, &EXPECTED)),
        all => all.map_err(|error| PemError::new(file, &format_args!("{EXPECTED}: {error}"))),
    }
}

/// The authorities of a file, at least one.
///
/// # Errors
/// It cannot be read, or holds something else.
pub fn authorities(file: &Path) -> Result<RootCertStore, PemError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(file)? {
        roots.add(authority).map_err(|error| PemError::new(file, &error))?;
    }
    Ok(roots)
}
