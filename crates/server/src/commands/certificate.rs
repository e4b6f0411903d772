//! Certificates of operators at the keyboard: files in PEM, or fingerprints.

use std::path::Path;

use super::{
    context::Context,
    output::{self, Failure},
};
use crate::admission::certificate::{CERTIFICATES_MAX, Fingerprint, kept};

/// What is kept of the certificates that were given; `none` alone stands for none.
///
/// # Errors
/// One cannot be read, or there are too many.
pub fn given(context: &Context, given: &[String]) -> Result<Option<String>, Failure> {
    if given == ["none"] {
        return Ok(None);
    }
    if given.len() > CERTIFICATES_MAX {
        return Err(Failure::usage(format!("{CERTIFICATES_MAX} certificates at the most")));
    }
    let fingerprints = given.iter().map(|one| fingerprint(one));
    let fingerprints = fingerprints.collect::<Result<Vec<_>, _>>()?;
    if !context.load()?.asks_for_certificates() {
        output::warning(
            "tls.client_ca_file is not set: no caller is asked for a certificate, and this login is \
             refused",
        );
    }
    Ok(kept(&fingerprints))
}

fn fingerprint(given: &str) -> Result<Fingerprint, Failure> {
    if given == "none" {
        return Err(Failure::usage("--certificate none stands alone"));
    }
    match given.strip_prefix("sha256:") {
        Some(digits) => Fingerprint::parse(digits).ok_or_else(|| {
            Failure::usage("sha256: is followed by 64 hexadecimal digits")
                .hint("`openssl x509 -noout -fingerprint -sha256 -in FILE` prints them")
        }),
        None => Fingerprint::of_file(Path::new(given))
            .map_err(|error| Failure::usage(error.to_string())),
    }
}
