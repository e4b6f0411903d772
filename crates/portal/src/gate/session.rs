//! Sessions: begun with a secret that nobody had before, found by its hash, over in time.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use super::{SignIn, Technician, cookie::Cookie, secret};
use crate::{
    app::App,
    store::{
        Store, StoreError,
        sessions::{self, Key},
    },
};

/// How long a phone is remembered after its last sign-in.
pub(super) const DEVICE_LASTS: Duration = Duration::from_hours(180 * 24);
/// A session's last use is written down this often, in milliseconds.
const TOUCH_EVERY_MS: i64 = 60_000;

/// Whose request this is.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub technician: Technician,
    /// Whether a password lets him in.
    pub has_password: bool,
    /// What the cookie holds.
    pub secret: String,
}

impl App {
    /// The session that a request belongs to.
    pub(super) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, StoreError> {
        let Some(secret) = Cookie::Session.read(headers, self.gate.origin.is_https) else {
            return Ok(None);
        };
        let key = secret::key(&secret);
        let now_ms = self.service.now_ms();
        let sign_in = &self.settings.sign_in;
        let (idle_ms, max_ms) = (ms(sign_in.session_idle), ms(sign_in.session_max));
        let found = self.store.with(move |db| {
            let found = sessions::find(db, &key)?.filter(|found| {
                now_ms - found.seen_ms < idle_ms && now_ms - found.began_ms < max_ms
            });
            if found.as_ref().is_some_and(|found| now_ms - found.seen_ms >= TOUCH_EVERY_MS) {
                sessions::touch(db, &key, now_ms)?;
            }
            Ok(found)
        });
        Ok(found.await?.map(|found| Session {
            technician: Technician { id: found.technician, login: found.login, name: found.name },
            has_password: found.has_password,
            secret,
        }))
    }

    /// Begins a session for whoever has proven what this hash is of; the one that the browser had is over. What
    /// is returned goes into its cookies, which are nobody's where that has changed meanwhile.
    pub(super) async fn begin_session(
        &self,
        headers: &HeaderMap,
        technician: i64,
        proven: Option<String>,
    ) -> Result<[HeaderValue; 3], StoreError> {
        let https = self.gate.origin.is_https;
        let earlier = Cookie::Session.read(headers, https).map(|secret| secret::key(&secret));
        let device = Cookie::Device.read(headers, https).filter(|it| secret::is_one(it));
        let device = device.unwrap_or_else(|| secret::new(&self.gate.entropy));
        let session = secret::new(&self.gate.entropy);
        let keys = [&session, &device].map(|secret| secret::key(secret));
        let now_ms = self.service.now_ms();
        let begun = self.store.with(move |db| {
            if let Some(earlier) = earlier {
                sessions::end(db, &earlier)?;
            }
            let [session, device] = keys;
            if sessions::begin(db, &session, (technician, proven.as_deref()), now_ms)? {
                sessions::know_device(db, &device, technician, now_ms)?;
            }
            Ok(())
        });
        begun.await?;
        Ok([
            Cookie::Session.set(&session, self.settings.sign_in.session_max, https),
            Cookie::Device.set(&device, DEVICE_LASTS, https),
            Cookie::Visitor.forget(https),
        ])
    }

    /// Ends a session.
    pub(super) async fn end_session(&self, secret: &str) -> Result<HeaderValue, StoreError> {
        let key = secret::key(secret);
        self.store.with(move |db| sessions::end(db, &key)).await?;
        Ok(Cookie::Session.forget(self.gate.origin.is_https))
    }

    /// The phone that a request comes from, where this login is known on it.
    pub(super) async fn device_of(
        &self,
        headers: &HeaderMap,
        login: &str,
    ) -> Result<Option<Key>, StoreError> {
        let Some(device) = Cookie::Device.read(headers, self.gate.origin.is_https) else {
            return Ok(None);
        };
        let (key, login) = (secret::key(&device), login.to_owned());
        let known = self.store.with(move |db| sessions::knows_device(db, &key, &login)).await?;
        Ok(known.then_some(key))
    }
}

/// Ends the sessions of those whose way in the settings have closed since: a password, or the provider.
pub(crate) async fn end_without_way_in(store: &Store, sign_in: &SignIn) -> Result<(), StoreError> {
    let (passwords, provider) = (sign_in.accounts, sign_in.openid.is_some());
    let ended = store.with(move |db| {
        for (is_open, with_password) in [(passwords, true), (provider, false)] {
            if !is_open {
                sessions::end_all(db, with_password)?;
            }
        }
        Ok(())
    });
    ended.await
}

/// In milliseconds, as times of day are.
pub(super) fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
