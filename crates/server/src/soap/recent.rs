//! What was read a moment ago: it answers again while the database is what it was. Whether it is, the
//! writer says when the answer is settled, before it leaves.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use ereprov_wire::{envelope::Written, question::Question};

use crate::store::{Version, operators::Operator, service::ServiceState};

/// Bytes that are remembered at the most; one more forgets all.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes that an answer takes beside its text: the longest question, and their place in the table.
const QUESTION_BYTES: usize = 1024;

/// Bytes that an operator takes with the longest lists of addresses and certificates.
const ASKER_BYTES: usize = 4096;

/// Who asks, and whether the service is open.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) state: ServiceState,
    pub(super) operator: Arc<Operator>,
}

/// What the requests of this process have read; one for the whole service.
#[derive(Debug, Default)]
pub struct Recent(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Of which content; everything else is forgotten with it.
    version: Option<Version>,
    bytes: usize,
    askers: HashMap<String, Arc<Asker>>,
    answers: HashMap<(i64, Question), Written>,
}

impl Recent {
    fn look<T>(&self, version: Version, look: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.version == Some(version) { look(&known) } else { None }
    }

    /// Keeps what takes these bytes; `keep` says whether it was new.
    fn keep(&self, version: Version, bytes: usize, keep: impl FnOnce(&mut Known) -> bool) {
        if bytes > BYTES_MAX {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.version != Some(version) || known.bytes + bytes > BYTES_MAX {
            *known = Known { version: Some(version), ..Known::default() };
        }
        // Many read the same at once: it takes its bytes once.
        if keep(&mut known) {
            known.bytes += bytes;
        }
    }
}

/// One request's memory: what it recalls, and what it leaves behind for others.
pub(super) struct Memory<'r> {
    recent: &'r Recent,
    /// What is in the database, asked before anything was read; `None`: nothing is recalled.
    version: Option<Version>,
    recalled: bool,
}

impl<'r> Memory<'r> {
    /// Recalls what was read of this version.
    pub(super) fn of(recent: &'r Recent, version: Option<Version>) -> Self {
        Self { recent, version, recalled: false }
    }

    /// Recalls nothing, and leaves nothing behind.
    pub(super) fn forget(&mut self) {
        self.version = None;
    }

    /// What has to be in the database still, for the answer to be right.
    pub(super) fn recalled(&self) -> Option<Version> {
        self.version.filter(|_| self.recalled)
    }

    /// An operator whose login is believed; `believes` is asked about nobody, too, so that it takes as
    /// long. A login that has to be verified is looked up: so it is verified once, known or not.
    pub(super) fn asker(
        &mut self,
        login: &str,
        believes: impl Fn(Option<&Operator>) -> bool,
    ) -> Option<Arc<Asker>> {
        let found = self.recent.look(self.version?, |known| known.askers.get(login).cloned());
        let believed = believes(found.as_ref().map(|asker| &*asker.operator));
        self.recalled |= believed;
        found.filter(|_| believed)
    }

    /// Remembers an operator; whom nobody knows, nobody remembers.
    pub(super) fn keep_asker(&self, asker: &Arc<Asker>) {
        let Some(version) = self.version else { return };
        let login = asker.operator.login.clone();
        let keep = |known: &mut Known| known.askers.insert(login, Arc::clone(asker)).is_none();
        self.recent.keep(version, ASKER_BYTES, keep);
    }

    pub(super) fn answer(&mut self, operator_id: i64, question: &Question) -> Option<Written> {
        // The key owns its question: a copy of two or three words.
        let key = (operator_id, question.clone());
        let found = self.recent.look(self.version?, |known| known.answers.get(&key).cloned());
        self.recalled |= found.is_some();
        found
    }

    /// Remembers an answer; a refusal is not worth it.
    pub(super) fn keep_answer(&self, operator_id: i64, question: &Question, answer: &Written) {
        let Some(version) = self.version else { return };
        let key = (operator_id, question.clone());
        let keep = |known: &mut Known| known.answers.insert(key, answer.clone()).is_none();
        self.recent.keep(version, answer.bytes() + QUESTION_BYTES, keep);
    }
}

#[cfg(test)]
mod tests {
    use ereprov_wire::{
        envelope::Answer,
        get_ro_site::{Pbo, RoSite},
        get_site_structure::GetSiteStructure,
    };

    use super::*;
    use crate::store::{Location, Store, service};

    const MIB: usize = 1024 * 1024;

    fn question(number: usize) -> Question {
        Question::GetSiteStructure(GetSiteStructure { reference_contrat: format!("K{number}") })
    }

    /// An answer of so many bytes, and some more.
    fn answer(bytes: usize) -> Written {
        let localisation = "x".repeat(bytes);
        let pbo = Pbo { reference: "BE-01".into(), localisation, fibres: Vec::new() };
        Answer::RoSite(RoSite { pbos: vec![pbo] }).write()
    }

    /// Bytes of the answers that are held.
    fn held(recent: &Recent) -> usize {
        recent.0.read().unwrap().answers.values().map(Written::bytes).sum()
    }

    #[tokio::test]
    async fn what_is_held_never_grows_over_its_bound_and_goes_with_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("test.db"));
        let store = Store::open(&location, 1).await.unwrap();
        let (recent, version) = (Recent::default(), store.version());
        let recall = |version, number| Memory::of(&recent, version).answer(1, &question(number));
        let one = answer(MIB);
        for number in 0..100 {
            let memory = Memory::of(&recent, version);
            memory.keep_answer(1, &question(number), &one);
            // Others that have read the same take no room.
            memory.keep_answer(1, &question(number), &answer(MIB));
            assert!(held(&recent) <= BYTES_MAX, "{} after {number}", held(&recent));
            assert_eq!(recall(version, number), Some(one.clone()), "the last one is there");
        }
        // Small ones take more than their text.
        let small = answer(1);
        for number in 0..100_000 {
            Memory::of(&recent, version).keep_answer(1, &question(number), &small);
            let count = recent.0.read().unwrap().answers.len();
            let takes = small.bytes() + size_of::<(i64, Question)>();
            assert!(count * takes <= BYTES_MAX, "{count} after {number}");
        }
        // What does not fit at all pushes nothing out.
        let (before, far_too_long) = (held(&recent), answer(BYTES_MAX));
        Memory::of(&recent, version).keep_answer(1, &question(0), &far_too_long);
        assert_eq!(held(&recent), before);
        let closed = ServiceState { closed: true, reason: String::new(), until_ms: None };
        let changed =
            store.write("close", closed, |tx, state| Box::pin(service::write(tx, state, 0)));
        changed.await.unwrap();
        let newer = store.version();
        assert_eq!(recall(newer, 99_999), None, "it was another version's");
        Memory::of(&recent, newer).keep_answer(1, &question(7), &small);
        assert_eq!(held(&recent), small.bytes(), "nothing of the old version is held");
        assert_eq!(recall(version, 7), None, "nor is the new one's for who read before");
    }
}
