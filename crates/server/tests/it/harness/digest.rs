//! Logins by the digest of a password.

use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_server::{admission::keyring, clock::Entropy};
use tempfile::TempDir;

const WSS: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";

/// A token that was made once, and may be sent more than once.
#[derive(Debug, Clone)]
pub struct Token {
    pub login: String,
    pub password: String,
    pub nonce: [u8; 16],
    pub created: String,
}

impl Token {
    /// A new one of an operator whose password is its login, made at a time.
    pub fn new(login: &str, at_ms: i64) -> Self {
        Self::with(login, login, at_ms)
    }

    pub fn with(login: &str, password: &str, at_ms: i64) -> Self {
        let created = jiff::Timestamp::from_millisecond(at_ms).unwrap().to_string();
        let nonce = Entropy::system().bytes();
        Self { login: login.into(), password: password.into(), nonce, created }
    }

    /// A question in SOAP 1.1 with this token in its header.
    pub fn envelope(&self, body: &str) -> String {
        let Self { login, password, nonce, created } = self;
        let hashed = [&nonce[..], created.as_bytes(), password.as_bytes()].concat();
        let digest = BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &hashed));
        let nonce = BASE64_STANDARD.encode(nonce);
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
             <o:Security s:mustUnderstand=\"1\" xmlns:o=\"{WSS}wssecurity-secext-1.0.xsd\" \
             xmlns:u=\"{WSS}wssecurity-utility-1.0.xsd\"><o:UsernameToken u:Id=\"t:1\">\
             <o:Username>{login}</o:Username>\
             <o:Password Type=\"{WSS}username-token-profile-1.0#PasswordDigest\">{digest}\
             </o:Password><o:Nonce>{nonce}</o:Nonce><u:Created>{created}</u:Created>\
             </o:UsernameToken></o:Security></s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
    }
}

/// A file of keys in a folder of its own, and the settings that name it.
pub fn keys() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let settings = keys_in(folder.path());
    (folder, settings)
}

/// The same in a folder that is there.
pub fn keys_in(folder: &Path) -> String {
    let file = folder.join("keys");
    keyring::add_key(&file, &Entropy::system()).unwrap();
    format!("[login]\nsecret_key_file = \"{}\"\n", file.display())
}
