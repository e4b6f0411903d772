//! One delivery: the notification laid out, and handed to the folder or to the operator's server.

use std::path::PathBuf;

use super::{
    event,
    facts::Facts,
    folder,
    sign::Secret,
    webhook::Failure,
    worker::{Layouts, Worker},
};
use crate::{
    admission::keyring::Owner,
    store::{
        notifications::Notification,
        notify_targets::{Channel, Target},
    },
};

impl Worker {
    /// Delivers a notification to an address.
    ///
    /// # Errors
    /// It is not known to have arrived.
    pub(super) async fn deliver(
        &self,
        target: &Target,
        notification: &Notification,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let facts = serde_json::from_str(&notification.facts);
        let facts = facts.map_err(|error| Failure::Message(error.to_string()))?;
        self.hand_over(target, facts, now_ms).await
    }

    /// Tells an address something at once, past the outbox: once, and nothing is recorded.
    ///
    /// # Errors
    /// It is not known to have arrived.
    pub async fn hand_over(
        &self,
        target: &Target,
        facts: Facts,
        now_ms: i64,
    ) -> Result<(), Failure> {
        let broken = |error: &dyn std::fmt::Display| Failure::Message(error.to_string());
        let layout = match target.channel {
            Channel::Webhook => &self.layouts.webhook,
            Channel::Folder => &self.layouts.folder,
        };
        let text = layout.fill(&facts).map_err(|error| broken(&error))?;
        match target.channel {
            Channel::Folder => {
                let (folder, extension) =
                    (PathBuf::from(&target.address), layout.kind().extension());
                let writing = tokio::task::spawn_blocking(move || {
                    folder::deliver(&folder, &facts, extension, &text)
                });
                // A network's folder may hang; the lease does not wait for it.
                let written = tokio::time::timeout(self.patience.deadline, writing).await;
                let written = written.map_err(|_| Failure::Address("the folder hangs".into()))?;
                let written = written.map_err(|error| broken(&error))?;
                written.map_err(|error| Failure::Address(error.to_string()))
            }
            Channel::Webhook => {
                let no = |why: &str| Failure::Address(why.to_owned());
                let webhook = self.webhook.as_ref().map_err(|why| no(why))?;
                let secret = self.secret(target).ok_or_else(|| no("no key opens its secret"))?;
                let Layouts { mode, source, .. } = &*self.layouts;
                let message = event::message(*mode, source, &facts, layout.kind(), text);
                let message = message.map_err(|error| broken(&error))?;
                webhook.deliver(&target.address, &facts.id, &message, &secret, now_ms).await
            }
        }
    }

    fn secret(&self, target: &Target) -> Option<Secret> {
        let owner = Owner::of_webhook(&target.login);
        let opened = self.keyring.as_ref()?.open(target.secret.as_deref()?, owner)?;
        Secret::parse(&opened)
    }
}
