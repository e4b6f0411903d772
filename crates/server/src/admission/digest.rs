//! WS-Security PasswordDigest (UsernameToken Profile 1.1.1; contract.md, D20), for operators whose
//! password is kept sealed for it: within its time, once, and verified without argon2.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest as hashes};
use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_wire::security::{PasswordDigest, UsernameToken};
use zeroize::Zeroizing;

use super::{
    certificate::Fingerprint,
    credentials::{self, Claim, LoginProblem},
    keyring::{Keyring, Owner},
    password,
};
use crate::{
    calendar,
    clock::Entropy,
    store::{nonces::Nonce, operators::Operator},
};

/// Longest nonce, in bytes.
const NONCE_BYTES_MAX: usize = 64;
/// Digests of one operator that are remembered at the same time, at the most.
pub const NONCES_MAX: i64 = 20_000;
/// For how much longer than its time a nonce is remembered: so far may the clocks of two instances be
/// apart, in milliseconds.
const CLOCKS_APART_MS: i64 = 120_000;

/// What a request claims to be, in either form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// A login and its password.
    Password(Claim),
    /// A login and a digest.
    Digest(DigestClaim),
}

impl Claimed {
    /// Who it says it is.
    pub fn login(&self) -> &str {
        match self {
            Self::Password(claim) => &claim.login,
            Self::Digest(claim) => &claim.login,
        }
    }
}

/// A login, proven by a digest that came in time.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestClaim {
    /// Who it says it is.
    pub login: String,
    digest: Vec<u8>,
    /// Nonce and creation as they are hashed: one after the other.
    hashed: Vec<u8>,
    created_ms: i64,
}

impl DigestClaim {
    /// What it proves itself with, as text.
    pub(super) fn proof(&self) -> String {
        BASE64_STANDARD.encode(&self.digest)
    }
}

impl std::fmt::Debug for DigestClaim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DigestClaim").field("login", &self.login).finish_non_exhaustive()
    }
}

/// When a token may have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// For so long before now.
    pub past: Duration,
    /// For so long after now: clocks differ.
    pub future: Duration,
}

/// Verifies digests; one for the whole process, where the configuration names a file of keys.
#[derive(Debug)]
pub struct Digests {
    keyring: Keyring,
    window: Window,
    /// Of a password that nobody has: an unknown login costs what a wrong digest costs.
    decoy: Decoy,
}

#[derive(Debug)]
struct Decoy {
    sealed: String,
}

const NOBODY: Owner<'static> = Owner { login: "", password_hash: "" };

impl Digests {
    /// Verifies with the passwords that these keys open.
    pub fn new(keyring: Keyring, window: Window, entropy: &Entropy) -> Self {
        let sealed = keyring.seal(&password::generate(entropy), NOBODY, entropy);
        Self { keyring, window, decoy: Decoy { sealed } }
    }

    /// Whether the claim is this operator's. `None` stands for an unknown login, which takes as long
    /// as a wrong digest, as does an operator without a password that is kept for this.
    pub fn verify(&self, claim: &DigestClaim, operator: Option<&Operator>) -> bool {
        let kept = operator.and_then(|o| Some((o, o.digest_secret.as_deref()?)));
        let (sealed, owner) = match kept {
            Some((o, sealed)) => {
                (sealed, Owner { login: &o.login, password_hash: &o.password_hash })
            }
            None => (self.decoy.sealed.as_str(), NOBODY),
        };
        let password = self.keyring.open(sealed, owner);
        if password.is_none()
            && let Some((operator, _)) = kept
        {
            let login = &operator.login;
            tracing::error!(
                login,
                "the password kept for PasswordDigest does not open; set it again"
            );
        }
        let right = password.as_ref().is_some_and(|password| claim.is_of(password));
        right && kept.is_some()
    }

    /// What is remembered of a verified claim, so that it is not accepted again.
    pub fn nonce(&self, claim: &DigestClaim, operator_id: i64) -> Nonce {
        // Nonce and creation run together, as in what was hashed: who moves the border between them
        // has the same digest, and gets the same key.
        let nonce = Fingerprint::of(&claim.hashed).to_string();
        let expires_ms = claim.created_ms + whole_ms(self.window.past) + CLOCKS_APART_MS;
        Nonce { operator_id, nonce, expires_ms }
    }
}

impl DigestClaim {
    fn is_of(&self, password: &Zeroizing<String>) -> bool {
        let mut hash = hashes::Context::new(&hashes::SHA1_FOR_LEGACY_USE_ONLY);
        hash.update(&self.hashed);
        hash.update(password.as_bytes());
        let hash = hash.finish();
        constant_time::verify_slices_are_equal(hash.as_ref(), &self.digest).is_ok()
    }
}

/// The login of a request at a time, in whichever form. Without `digests`, none is by PasswordDigest.
///
/// # Errors
/// There is none, there are two different ones, or one that cannot be verified; a digest without what
/// it needs, or out of its time.
pub fn claimed(
    digests: Option<&Digests>,
    authorization: &[String],
    tokens: &[UsernameToken],
    now_ms: i64,
) -> Result<Claimed, LoginProblem> {
    let digested = tokens.iter().find_map(|token| Some((token, token.digest.as_ref()?)));
    let (Some(digests), Some((token, digest))) = (digests, digested) else {
        return credentials::claimed(authorization, tokens).map(Claimed::Password);
    };
    // Whether a password beside it is the same one, only its verification would tell.
    if !authorization.is_empty() || tokens.iter().any(|other| other != token) {
        return Err(LoginProblem::Two);
    }
    let claim = read(&token.username, digest).ok_or(LoginProblem::Incomplete)?;
    let Window { past, future } = digests.window;
    let (earliest, latest) = (now_ms - whole_ms(past), now_ms + whole_ms(future));
    let made = [Some(claim.created_ms), instant(digest.message_created.as_deref())?];
    let ends = instant(digest.message_expires.as_deref())?;
    let in_time = made.iter().flatten().all(|made| (earliest..=latest).contains(made));
    // Its end may be past by as much as clocks differ.
    let over = ends.is_some_and(|ends| ends + whole_ms(future) < now_ms);
    if in_time && !over { Ok(Claimed::Digest(claim)) } else { Err(LoginProblem::OutOfTime) }
}

fn read(login: &str, token: &PasswordDigest) -> Option<DigestClaim> {
    let digest = BASE64_STANDARD.decode(&token.digest).ok()?;
    let nonce = BASE64_STANDARD.decode(token.nonce.as_ref()?).ok()?;
    let created = token.created.as_ref()?;
    let created_ms = calendar::instant(created)?;
    let fits = (1..=NONCE_BYTES_MAX).contains(&nonce.len());
    let hashed = [&nonce[..], created.as_bytes()].concat();
    fits.then(|| DigestClaim { login: login.to_owned(), digest, hashed, created_ms })
}

fn instant(text: Option<&str>) -> Result<Option<i64>, LoginProblem> {
    text.map(|text| calendar::instant(text).ok_or(LoginProblem::Incomplete)).transpose()
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::admission::keyring::add_key;

    /// The example of the ONVIF Application Programmer's Guide (§5.1.2.1), which others compute too.
    const NONCE: &str = "LKqI6G/AikKCQrN0zqZFlg==";
    const CREATED: &str = "2010-09-16T07:50:45Z";
    const DIGEST: &str = "tuOSpGlFlIXsozq4HFNeeGeFLEI=";
    const PASSWORD: &str = "userpassword";

    fn token() -> UsernameToken {
        let digest = PasswordDigest {
            digest: DIGEST.into(),
            nonce: Some(NONCE.into()),
            created: Some(CREATED.into()),
            message_created: None,
            message_expires: None,
        };
        UsernameToken { username: "user".into(), password: None, digest: Some(digest) }
    }

    fn with(change: impl FnOnce(&mut PasswordDigest)) -> UsernameToken {
        let mut token = token();
        change(token.digest.as_mut().unwrap());
        token
    }

    fn digests() -> Digests {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("keys");
        add_key(&file, &Entropy::system()).unwrap();
        let window = Window { past: Duration::from_mins(5), future: Duration::from_mins(1) };
        Digests::new(Keyring::load(&file).unwrap(), window, &Entropy::system())
    }

    fn operator(digests: &Digests, login: &str, password: &str) -> Operator {
        let password_hash = "$argon2id$some".to_owned();
        let owner = Owner { login, password_hash: &password_hash };
        Operator {
            id: 1,
            login: login.into(),
            name: login.into(),
            digest_secret: Some(digests.keyring.seal(password, owner, &Entropy::system())),
            password_hash,
            profile: None,
            quota: None,
            sessions: None,
            disabled: false,
            created_ms: 0,
            certificates: None,
            old_password: None,
            addresses: None,
        }
    }

    fn at(text: &str) -> i64 {
        calendar::instant(text).unwrap()
    }

    fn claim_at(
        digests: &Digests,
        token: UsernameToken,
        at_ms: i64,
    ) -> Result<Claimed, LoginProblem> {
        claimed(Some(digests), &[], &[token], at_ms)
    }

    fn claim(digests: &Digests, token: UsernameToken) -> DigestClaim {
        match claim_at(digests, token, at(CREATED)) {
            Ok(Claimed::Digest(claim)) => claim,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_published_example_is_verified_and_nothing_else_is() {
        let digests = digests();
        let user = operator(&digests, "user", PASSWORD);
        let claim = claim(&digests, token());
        assert!(digests.verify(&claim, Some(&user)));
        assert!(!digests.verify(&claim, None));
        assert!(!digests.verify(&claim, Some(&operator(&digests, "user", "userpassworD"))));
        assert!(!digests.verify(&claim, Some(&Operator { digest_secret: None, ..user.clone() })));
        // Set by a program that knows nothing of it, a new password makes the old one worthless.
        let changed = Operator { password_hash: "$argon2id$other".into(), ..user };
        assert!(!digests.verify(&claim, Some(&changed)));
    }

    #[test]
    fn a_token_is_good_from_a_minute_before_to_five_after_it_was_made() {
        let digests = digests();
        let after = |ms: i64| claim_at(&digests, token(), at(CREATED) + ms).map(drop);
        for good in [-60_000, 0, 300_000] {
            assert_eq!(after(good), Ok(()), "{good}");
        }
        for bad in [-60_001, 300_001, 86_400_000] {
            assert_eq!(after(bad), Err(LoginProblem::OutOfTime), "{bad}");
        }
    }

    #[test]
    fn a_timestamp_beside_it_counts_as_well() {
        let digests = digests();
        let asked = |created: &str, expires: Option<&str>| {
            let token = with(|digest| {
                digest.message_created = Some(created.into());
                digest.message_expires = expires.map(Into::into);
            });
            claim_at(&digests, token, at(CREATED)).map(drop)
        };
        assert_eq!(asked("2010-09-16T07:50:45.123Z", Some("2010-09-16T07:55:45.123Z")), Ok(()));
        assert_eq!(asked("2010-09-16T09:50:45+02:00", None), Ok(()));
        assert_eq!(asked(CREATED, Some("2010-09-16T07:49:00Z")), Err(LoginProblem::OutOfTime));
        assert_eq!(asked("2010-09-16T07:40:00Z", None), Err(LoginProblem::OutOfTime));
        assert_eq!(asked("yesterday", None), Err(LoginProblem::Incomplete));
    }

    #[test]
    fn a_token_without_what_is_hashed_is_incomplete() {
        let digests = digests();
        let tokens = [
            with(|digest| digest.nonce = None),
            with(|digest| digest.created = None),
            with(|digest| digest.nonce = Some(String::new())),
            with(|digest| digest.nonce = Some("not base64".into())),
            with(|digest| digest.nonce = Some(BASE64_STANDARD.encode([7; NONCE_BYTES_MAX + 1]))),
            with(|digest| digest.created = Some("+002010-09-16T07:50:45Z".into())),
            with(|digest| digest.digest = "?".into()),
        ];
        for token in tokens {
            let shown = format!("{token:?}");
            let answer = claim_at(&digests, token, at(CREATED));
            assert_eq!(answer, Err(LoginProblem::Incomplete), "{shown}");
        }
        // Where nobody logs in with one, it is answered as ever.
        let answer = claimed(None, &[], &[token()], at(CREATED));
        assert_eq!(answer, Err(LoginProblem::Unreadable));
    }

    #[test]
    fn a_digest_stands_alone() {
        let digests = digests();
        let ask = |authorization: &[String], tokens: &[UsernameToken]| {
            claimed(Some(&digests), authorization, tokens, at(CREATED)).map(drop)
        };
        let basic = format!("Basic {}", BASE64_STANDARD.encode("user:userpassword"));
        assert_eq!(ask(&[], &[token(), token()]), Ok(()));
        assert_eq!(ask(std::slice::from_ref(&basic), &[]), Ok(()));
        assert_eq!(ask(&[basic], &[token()]), Err(LoginProblem::Two));
        let other = UsernameToken { username: "other".into(), ..token() };
        assert_eq!(ask(&[], &[token(), other]), Err(LoginProblem::Two));
    }

    #[test]
    fn a_nonce_is_remembered_past_its_time_and_apart_from_others() {
        let digests = digests();
        let nonce = |token| digests.nonce(&claim(&digests, token), 1);
        let first = nonce(token());
        assert_eq!(first.expires_ms, at(CREATED) + 300_000 + CLOCKS_APART_MS);
        assert_eq!(nonce(with(|digest| digest.digest = "AAAA".into())), first);
        let created = with(|digest| digest.created = Some("2010-09-16T07:50:45.0Z".into()));
        assert_ne!(nonce(created).nonce, first.nonce);
        assert_ne!(nonce(with(|digest| digest.nonce = Some("AAAA".into()))).nonce, first.nonce);
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let digests = digests();
        let shown = format!("{:?} {:?} {digests:?}", token(), claim(&digests, token()));
        assert!(!shown.contains(DIGEST) && !shown.contains(NONCE), "{shown}");
    }
}
