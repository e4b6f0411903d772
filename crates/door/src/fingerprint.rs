//! Which certificate a caller presented, known by its SHA-256.

use std::{fmt, path::Path};

use sha2::{Digest, Sha256};

use crate::pem::{self, PemError};

/// The SHA-256 of a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A certificate's.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The first certificate's of a file in PEM.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn of_file(file: &Path) -> Result<Self, PemError> {
        let certificates = pem::certificates(file)?;
        let first = certificates.first();
        first.map(|first| Self::of(first)).ok_or_else(|| PemError::new(file, &"no certificate"))
    }

    /// Reads 64 hexadecimal digits, with or without colons between them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16));
        let digits = digits.collect::<Option<Vec<_>>>().filter(|digits| digits.len() == 64)?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::try_from(pair[0] * 16 + pair[1]).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}
