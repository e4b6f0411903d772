//! Certificates that an operator must present one of: known by their SHA-256 fingerprints.

pub use ereprov_door::fingerprint::Fingerprint;

/// Certificates of one operator at the most: the one in use, and the one that replaces it.
pub const CERTIFICATES_MAX: usize = 2;

/// Certificates, as an operator's row has them; none: it needs none.
pub fn kept(certificates: &[Fingerprint]) -> Option<String> {
    let texts: Vec<_> = certificates.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// Certificates, as people read them.
pub fn shown(kept: Option<&str>) -> Vec<String> {
    kept.unwrap_or_default().split_whitespace().map(|one| format!("sha256:{one}")).collect()
}

/// Whether an operator whose row has these certificates may log in with this one.
pub fn permits(kept: Option<&str>, presented: Option<Fingerprint>) -> bool {
    let Some(kept) = kept else { return true };
    presented.is_some_and(|presented| {
        let presented = presented.to_string();
        kept.split_whitespace().any(|one| one == presented)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_openssl_and_this_program_write_it() {
        let one = Fingerprint::of(b"one");
        assert_eq!(Fingerprint::parse(&one.to_string()), Some(one));
        let pairs: Vec<_> = one.to_string().to_uppercase().into_bytes();
        let pairs: Vec<_> = pairs.chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect();
        assert_eq!(Fingerprint::parse(&pairs.join(":")), Some(one));
        for wrong in ["", "00", &one.to_string()[1..], &"zz".repeat(32), &"00".repeat(33)] {
            assert_eq!(Fingerprint::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_of_two_is_enough_and_no_list_asks_for_none() {
        let [one, two, three] = [b"1", b"2", b"3"].map(|der| Fingerprint::of(der));
        let both = kept(&[one, two]);
        let allowed = |presented| permits(both.as_deref(), presented);
        assert!(allowed(Some(one)) && allowed(Some(two)));
        assert!(!allowed(Some(three)) && !allowed(None));
        assert_eq!(kept(&[]), None);
        assert!(permits(None, None) && permits(None, Some(three)));
        // What cannot be read lets nobody in.
        assert!(!permits(Some(""), None) && !permits(Some("?"), Some(one)));
    }
}
