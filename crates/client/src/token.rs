//! The UsernameToken of one question (UsernameToken Profile 1.1.1, §3.1), and what is shown of it.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use ereprov_wire::security::{Password, PasswordDigest, UsernameToken};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    clock::{Clock, Entropy},
    endpoint::Login,
    exchange::MASK,
};

/// The token of a question that is sent now, where the login is in one. Each question has a nonce of its own,
/// also one that is sent again: a service takes none twice.
pub(crate) fn token(login: &Login, clock: &Clock, entropy: &Entropy) -> Option<UsernameToken> {
    match login {
        Login::Basic(..) => None,
        Login::UsernameToken(username, password) => Some(UsernameToken {
            username: username.clone(),
            password: Some(password.clone()),
            digest: None,
        }),
        Login::PasswordDigest(username, password) => {
            let now = Timestamp::from_millisecond(clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
            // With milliseconds always, as some readers expect.
            let created = format!("{now:.3}");
            let digest = digested(&entropy.bytes::<16>(), created, password);
            Some(UsernameToken { username: username.clone(), password: None, digest: Some(digest) })
        }
    }
}

fn digested(nonce: &[u8], created: String, password: &Password) -> PasswordDigest {
    let mut hashed = Zeroizing::new(nonce.to_vec());
    hashed.extend_from_slice(created.as_bytes());
    hashed.extend_from_slice(password.expose().as_bytes());
    PasswordDigest {
        digest: BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &hashed)),
        nonce: Some(BASE64_STANDARD.encode(nonce)),
        created: Some(created),
        message_created: None,
        message_expires: None,
    }
}

/// The same token without what could be logged in with.
pub(crate) fn masked(token: UsernameToken) -> UsernameToken {
    UsernameToken {
        username: token.username,
        password: token.password.map(|_| Password::new(MASK.to_owned())),
        digest: token.digest.map(|digest| PasswordDigest {
            digest: MASK.to_owned(),
            nonce: digest.nonce.map(|_| MASK.to_owned()),
            ..digest
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_one_that_wss4j_writes() {
        let nonce = BASE64_STANDARD.decode("OGivzR2PD1gIaO1H3ZHG7Q==").unwrap();
        let password = Password::new("oc-demo".into());
        let digest = digested(&nonce, "2026-11-25T07:08:57.210Z".into(), &password);
        assert_eq!(digest.digest, "oSCOD1wCb5L+TEz9IiGmzhjb8gA=");
    }

    #[test]
    fn each_question_has_a_nonce_of_its_own_and_its_time() {
        let login = Login::PasswordDigest("oc".into(), Password::new("s3cret".into()));
        let clock = Clock::manual(1_764_054_537_000);
        let tokens = [(); 2].map(|()| token(&login, &clock, &Entropy::system()).unwrap());
        let digests = tokens.each_ref().map(|token| token.digest.as_ref().unwrap());
        assert_ne!(digests[0].nonce, digests[1].nonce);
        assert_ne!(digests[0].digest, digests[1].digest);
        assert_eq!(digests[0].created.as_deref(), Some("2025-11-25T07:08:57.000Z"));
        assert_eq!(tokens[0].password, None);
        let shown = masked(tokens[0].clone()).digest.unwrap();
        assert_eq!((&*shown.digest, shown.nonce.as_deref()), (MASK, Some(MASK)));
        assert_eq!(shown.created, digests[0].created);
    }
}
