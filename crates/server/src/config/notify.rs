//! `[notify]`: how operators are told what became of their re-provisionings.

use std::{path::Path, time::Duration};

use reqwest::Url;
use serde::Deserialize;

use super::{Config, ConfigError, check::wrong};
use crate::{
    ip_list::IpList,
    notify::{
        event::Mode,
        guard::Guard,
        layout::{FOLDER, Kind, Layout, LayoutError, WEBHOOK},
        webhook::{NoClient, Webhook},
        worker::{Layouts, Patience},
    },
};

/// Longest time for one delivery, in milliseconds: so long a lease outlives a worker that died.
const DEADLINE_MS_MAX: u64 = 60_000;

/// `[notify]`
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Notify {
    webhook_layout_file: String,
    folder_layout_file: String,
    webhook_mode: Mode,
    ca_file: String,
    allowed_networks: Vec<String>,
    proxy_url: String,
    deadline_ms: u64,
    backoff_first_ms: u64,
    backoff_max_ms: u64,
    give_up_after_s: u64,
    keep_days: u32,
}

impl Notify {
    /// The files that it names, to be found from the configuration's folder.
    pub(super) fn files(&mut self) -> [&mut String; 3] {
        [&mut self.webhook_layout_file, &mut self.folder_layout_file, &mut self.ca_file]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(1..=DEADLINE_MS_MAX).contains(&self.deadline_ms) {
            return Err(wrong("notify.deadline_ms", format!("1 to {DEADLINE_MS_MAX}")));
        }
        if self.backoff_first_ms == 0 || self.backoff_max_ms < self.backoff_first_ms {
            return Err(wrong("notify.backoff_max_ms", "at least backoff_first_ms, at least 1"));
        }
        self.proxy()?;
        self.guard().map(drop)
    }

    fn proxy(&self) -> Result<Option<Url>, ConfigError> {
        if self.proxy_url.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(&self.proxy_url).ok().filter(|url| {
            let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            let is_open = url.username().is_empty() && url.password().is_none();
            url.scheme() == "http" && url.has_host() && is_bare && is_open
        });
        let wrong = || wrong("notify.proxy_url", "http://HOST:PORT is expected, without a login");
        url.map(Some).ok_or_else(wrong)
    }

    fn guard(&self) -> Result<Guard, ConfigError> {
        let allowed = IpList::from_texts(self.allowed_networks.iter().map(String::as_str));
        let allowed = allowed.map_err(|bad| wrong("notify.allowed_networks", bad.to_string()))?;
        Ok(Guard::new(allowed))
    }
}

fn named(file: &str) -> Option<&Path> {
    Some(Path::new(file)).filter(|_| !file.is_empty())
}

impl Config {
    /// Where webhooks may go.
    ///
    /// # Errors
    /// One of the allowed networks is none.
    pub fn webhook_guard(&self) -> Result<Guard, ConfigError> {
        self.notify.guard()
    }

    /// Who asks the operators' servers.
    ///
    /// # Errors
    /// There are no authorities to believe.
    pub fn webhook(&self) -> Result<Webhook, NoClient> {
        let guard = self.notify.guard().unwrap_or_default();
        let deadline = Duration::from_millis(self.notify.deadline_ms);
        let proxy = self.notify.proxy().unwrap_or_default();
        Webhook::new(named(&self.notify.ca_file), guard, deadline, proxy)
    }

    /// How notifications look; their source is the service's URL.
    ///
    /// # Errors
    /// A layout cannot be read or filled in.
    pub fn layouts(&self, source: String) -> Result<Layouts, ConfigError> {
        let read = |file: &str, own: &str, kind| match named(file) {
            Some(file) => Layout::load(file),
            None => Layout::new(own.to_owned(), kind),
        };
        let at = |key: &'static str| move |error: LayoutError| wrong(key, error.to_string());
        let Notify { webhook_layout_file, folder_layout_file, webhook_mode, .. } = &self.notify;
        Ok(Layouts {
            webhook: read(webhook_layout_file, WEBHOOK, Kind::Json)
                .map_err(at("notify.webhook_layout_file"))?,
            folder: read(folder_layout_file, FOLDER, Kind::Csv)
                .map_err(at("notify.folder_layout_file"))?,
            mode: *webhook_mode,
            source,
        })
    }

    /// How often, and how long, notifications are tried.
    pub fn notify_patience(&self) -> Patience {
        let notify = &self.notify;
        Patience {
            poll: self.patience().poll,
            deadline: Duration::from_millis(notify.deadline_ms),
            backoff_first: Duration::from_millis(notify.backoff_first_ms),
            backoff_max: Duration::from_millis(notify.backoff_max_ms),
            give_up: Duration::from_secs(notify.give_up_after_s),
            keep: Duration::from_secs(u64::from(notify.keep_days) * 86_400),
        }
    }
}
