//! What only a browser and the portal know: 256 random bits, of which the portal keeps the SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ereprov_client::Entropy;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::store::sessions::Key;

/// A new one, in letters, digits, `-` and `_`.
pub(super) fn new(entropy: &Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.bytes::<32>())
}

/// Whether a text may be one: what a browser says is not.
pub(super) fn is_one(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// What is kept of it.
pub(super) fn key(secret: &str) -> Key {
    Sha256::digest(secret.as_bytes()).into()
}

/// A text that only who has the key could have written, for a purpose.
pub(super) fn seal(key: &[u8], purpose: &str, text: &str) -> String {
    URL_SAFE_NO_PAD.encode(mac(key, purpose, text).finalize().into_bytes())
}

/// Whether it was; the comparison takes the same time whatever it finds.
pub(super) fn is_sealed(key: &[u8], purpose: &str, text: &str, seal: &str) -> bool {
    let seal = URL_SAFE_NO_PAD.decode(seal);
    seal.is_ok_and(|seal| mac(key, purpose, text).verify_slice(&seal).is_ok())
}

fn mac(key: &[u8], purpose: &str, text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in [purpose, text] {
        mac.update(&part.len().to_le_bytes());
        mac.update(part.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_key_purpose_and_text() {
        let sealed = seal(b"key", "purpose", "text");
        assert!(is_sealed(b"key", "purpose", "text", &sealed));
        assert!(!is_sealed(b"other", "purpose", "text", &sealed));
        assert!(!is_sealed(b"key", "purposet", "ext", &sealed));
        assert!(!is_sealed(b"key", "purpose", "text", ""));
        assert!(!is_sealed(b"key", "purpose", "text", &sealed[1..]));
        let entropy = Entropy::system();
        let [one, other] = [new(&entropy), new(&entropy)];
        assert!(is_one(&one) && one != other);
        assert!(!is_one(&one[1..]) && !is_one(&format!("{}\"", &one[1..])));
    }
}
