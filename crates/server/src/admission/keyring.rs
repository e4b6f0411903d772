//! The keys that seal what the database must not tell by itself: passwords that PasswordDigest needs
//! in clear, and what signs webhooks. They are in a file of their own; one line a key, the first of which seals and all of
//! which open.

use std::{
    fmt,
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{certificate::Fingerprint, password::PASSWORD_BYTES_MAX};
use crate::clock::Entropy;

const KEY_BYTES: usize = 32;
/// Keys of a file at the most: a rotation needs two.
const KEYS_MAX: usize = 16;
/// Bytes of a file at the most.
const FILE_BYTES_MAX: u64 = 16 * 1024;
/// What is sealed has one length, whatever the password's: two bytes that say it, and room.
const PADDED_BYTES: usize = 2 + PASSWORD_BYTES_MAX;

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct KeyringError {
    file: PathBuf,
    reason: String,
}

/// The keys of a file.
pub struct Keyring {
    file: PathBuf,
    keys: RwLock<Vec<Key>>,
}

struct Key {
    /// The first bytes of its hash: what it sealed names it.
    id: String,
    aead: LessSafeKey,
}

/// What a secret is sealed for: it opens for nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The operator.
    pub login: &'a str,
    /// The hash of the same password: another one in its place makes the secret worthless.
    pub password_hash: &'a str,
}

impl<'a> Owner<'a> {
    /// The owner of what signs an operator's webhook; no password has this hash.
    pub fn of_webhook(login: &'a str) -> Self {
        Self { login, password_hash: "webhook" }
    }
}

impl Keyring {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// It is missing, others than its owner may read it, or it holds something else.
    pub fn load(file: &Path) -> Result<Self, KeyringError> {
        Ok(Self { file: file.to_owned(), keys: RwLock::new(read(file)?) })
    }

    /// Seals a password of 256 bytes at the most, with the first key.
    ///
    /// # Panics
    /// Never: a key takes far more than is sealed here.
    pub fn seal(&self, password: &str, owner: Owner<'_>, entropy: &Entropy) -> String {
        let mut padded = Zeroizing::new(Vec::with_capacity(PADDED_BYTES + AES_256_GCM.tag_len()));
        let length = u16::try_from(password.len()).unwrap_or(u16::MAX);
        padded.extend(length.to_be_bytes());
        padded.extend(password.as_bytes());
        let whole = PADDED_BYTES.max(padded.len());
        padded.resize(whole, 0);
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.first().expect("a file without a key is not read");
        key.aead
            .seal_in_place_append_tag(Nonce::from(&nonce), aad(owner), &mut *padded)
            .expect("some hundred bytes are far below what a key seals at once");
        let sealed = BASE64_STANDARD.encode([&nonce[..], &padded[..]].concat());
        format!("{}.{}.{sealed}", VERSION, key.id)
    }

    /// Opens a sealed password; `None`: it was sealed with a key that is not in the file, or for
    /// another owner. A key that is not known yet is looked for in the file.
    pub fn open(&self, sealed: &str, owner: Owner<'_>) -> Option<Zeroizing<String>> {
        let (version, rest) = sealed.split_once('.')?;
        let (id, sealed) = rest.split_once('.')?;
        let mut bytes = BASE64_STANDARD.decode(sealed).ok().filter(|_| version == VERSION)?;
        if !self.has(id) {
            self.read_again();
        }
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.iter().find(|key| key.id == id)?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = key.aead.open_in_place(nonce, aad(owner), sealed).ok()?;
        let padded = Zeroizing::new(opened.to_vec());
        zeroize::Zeroize::zeroize(&mut bytes);
        let (length, password) = padded.split_first_chunk::<2>()?;
        let password = password.get(..usize::from(u16::from_be_bytes(*length)))?;
        std::str::from_utf8(password).ok().map(|password| Zeroizing::new(password.to_owned()))
    }

    /// Whether a secret was sealed with the first key.
    pub fn is_sealed_with_first(&self, sealed: &str) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let first = keys.first().map(|key| key.id.as_str());
        sealed.split('.').nth(1) == first
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn has(&self, id: &str) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|key| key.id == id)
    }

    fn read_again(&self) {
        match read(&self.file) {
            Ok(keys) => *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys,
            Err(error) => tracing::error!(%error, "the keys in force stay the old ones"),
        }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The form of what is sealed: AES-256-GCM with a nonce by chance, over a padded password.
const VERSION: &str = "1";

fn aad(owner: Owner<'_>) -> Aad<Vec<u8>> {
    // No login and no hash has a zero byte.
    let Owner { login, password_hash } = owner;
    Aad::from(format!("ereprov digest secret {VERSION}\0{login}\0{password_hash}").into_bytes())
}

fn read(file: &Path) -> Result<Vec<Key>, KeyringError> {
    let error = |reason: String| KeyringError { file: file.to_owned(), reason };
    let lines = lines(file).map_err(|reason| error(reason.to_string()))?;
    let mut keys = Vec::new();
    for (n, line) in lines.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key(line).ok_or_else(|| error(format!("line {}: no key of 32 bytes", n + 1)))?;
        keys.push(key);
    }
    match keys.len() {
        0 => Err(error("there is no key in it".to_owned())),
        count if count > KEYS_MAX => Err(error(format!("{KEYS_MAX} keys at the most"))),
        _ => Ok(keys),
    }
}

fn key(line: &str) -> Option<Key> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(line).ok()?);
    let bytes = Some(bytes).filter(|bytes| bytes.len() == KEY_BYTES)?;
    let named = Zeroizing::new([b"ereprov key id\0", &bytes[..]].concat());
    let id = Fingerprint::of(&named).to_string()[..12].to_owned();
    Some(Key { id, aead: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).ok()?) })
}

fn lines(file: &Path) -> io::Result<Zeroizing<String>> {
    let facts = file.metadata()?;
    if facts.mode() & 0o077 != 0 {
        return Err(io::Error::other("others than its owner may use it; chmod 600"));
    }
    if facts.len() > FILE_BYTES_MAX {
        return Err(io::Error::other("it is too long to be a file of keys"));
    }
    std::fs::read_to_string(file).map(Zeroizing::new)
}

/// Puts a new key at the head of a file, which is made where there is none; answers how many it
/// holds then. The file is replaced as a whole, and is its owner's alone.
///
/// # Errors
/// The file cannot be written, or holds something else, or as many keys as it may.
pub fn add_key(file: &Path, entropy: &Entropy) -> Result<usize, KeyringError> {
    let error =
        |reason: io::Error| KeyringError { file: file.to_owned(), reason: reason.to_string() };
    let (old, count) = match lines(file) {
        Ok(old) => (old, read(file)?.len()),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => (Zeroizing::default(), 0),
        Err(other) => return Err(error(other)),
    };
    if count >= KEYS_MAX {
        return Err(error(io::Error::other(format!("it holds {KEYS_MAX} keys already"))));
    }
    let key = Zeroizing::new(entropy.bytes::<KEY_BYTES>());
    let text = Zeroizing::new(format!("{}\n{}", BASE64_STANDARD.encode(&key[..]), *old));
    replace(file, text.as_bytes()).map_err(error)?;
    Ok(count + 1)
}

fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let mut open = std::fs::OpenOptions::new();
    let mut written = open.write(true).create_new(true).mode(0o600).open(&beside)?;
    written.write_all(text)?;
    written.sync_all()?;
    std::fs::rename(&beside, file)?;
    // What is sealed with a new key must not outlive it.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use tempfile::TempDir;

    use super::*;

    const OWNER: Owner<'static> = Owner { login: "oc", password_hash: "$argon2id$hash" };

    fn keyring() -> (TempDir, PathBuf, Keyring) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("keys");
        assert_eq!(add_key(&file, &Entropy::system()).unwrap(), 1);
        let keyring = Keyring::load(&file).unwrap();
        (folder, file, keyring)
    }

    fn opened(keyring: &Keyring, sealed: &str, owner: Owner<'_>) -> Option<String> {
        keyring.open(sealed, owner).map(|password| password.to_string())
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_its_password_only() {
        let (_folder, _, keyring) = keyring();
        let sealed = keyring.seal("sésame ouvre-toi", OWNER, &Entropy::system());
        assert_eq!(opened(&keyring, &sealed, OWNER).as_deref(), Some("sésame ouvre-toi"));
        assert_eq!(opened(&keyring, &sealed, Owner { login: "other", ..OWNER }), None);
        assert_eq!(opened(&keyring, &sealed, Owner { password_hash: "$other", ..OWNER }), None);
        let last = sealed.len() - 6;
        let altered = format!("{}AAAAA=", &sealed[..last]);
        assert_eq!(opened(&keyring, &altered, OWNER), None);
        for broken in ["", "1", "1.x", "1.x.y", "2.x.AAAA", "1..AAAA"] {
            assert_eq!(opened(&keyring, broken, OWNER), None, "{broken}");
        }
    }

    #[test]
    fn neither_the_password_nor_its_length_shows() {
        let (_folder, _, keyring) = keyring();
        let seal = |password: &str| keyring.seal(password, OWNER, &Entropy::system());
        let (short, long) = (seal("12345678"), seal(&"x".repeat(PASSWORD_BYTES_MAX)));
        assert_eq!(short.len(), long.len());
        assert_ne!(seal("12345678"), short, "each has its own nonce");
        assert_eq!(opened(&keyring, &long, OWNER), Some("x".repeat(PASSWORD_BYTES_MAX)));
        assert!(!format!("{keyring:?}").contains(&short));
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let (_folder, file, running) = keyring();
        let old = running.seal("the password", OWNER, &Entropy::system());
        assert_eq!(add_key(&file, &Entropy::system()).unwrap(), 2);
        let keyring = Keyring::load(&file).unwrap();
        let new = keyring.seal("the password", OWNER, &Entropy::system());
        assert!(keyring.is_sealed_with_first(&new) && !keyring.is_sealed_with_first(&old));
        assert_eq!(opened(&keyring, &old, OWNER).as_deref(), Some("the password"));
        // One that has been running since before finds the new key by itself.
        assert_eq!(opened(&running, &new, OWNER).as_deref(), Some("the password"));
        // Without the old key, what it sealed is lost.
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.lines().next().unwrap()).unwrap();
        assert_eq!(opened(&Keyring::load(&file).unwrap(), &old, OWNER), None);
    }

    #[test]
    fn a_file_that_others_may_read_or_that_holds_no_key_is_refused() {
        let (folder, file, _) = keyring();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keyring::load(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for (text, said) in [("", "no key"), ("# none", "no key"), ("AAAA", "line 1")] {
            fs::write(&file, text).unwrap();
            let error = Keyring::load(&file).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(Keyring::load(&folder.path().join("missing")).is_err());
    }
}
