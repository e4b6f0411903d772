//! The next seal, made of the rows that no seal has yet. Two may be made at once; one is written.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{Head, NOTHING_BEFORE, gaps::Gaps, ranges::Ranges};
use crate::store::{
    StoreError, Tx, hex,
    records::{self, Hash, Kind, Record},
    seals::{self, Seal, VERSION},
};

/// Rows of one seal at the most.
const ROWS_MAX: i64 = 2000;

/// Bytes of a row's hash that are its mark.
pub(super) const MARK: usize = 3;

/// What there was to seal.
#[derive(Debug)]
pub(super) struct Found {
    /// Where the chain ends.
    pub(super) head: Option<Head>,
    /// What comes next, if anything is to be sealed.
    pub(super) next: Option<Seal>,
}

/// Hashes of rows in the order in which a seal has them, added up.
#[derive(Default)]
pub(super) struct Adding {
    digest: Sha256,
    marks: Vec<u8>,
    line: String,
}

impl Adding {
    pub(super) fn add(&mut self, record: &Record) -> Hash {
        let hash = record.hash(&mut self.line);
        self.add_hash(hash);
        hash
    }

    fn add_hash(&mut self, hash: Hash) {
        self.digest.update(hash);
        self.marks.extend_from_slice(&hash[..MARK]);
    }

    /// The digest and the marks.
    pub(super) fn end(self) -> (String, String) {
        (hex(&self.digest.finalize()), STANDARD.encode(self.marks))
    }
}

/// A seal that comes after another one and has no rows.
pub(super) fn after(last: Option<&Seal>, now_ms: i64) -> Seal {
    let (digest, marks) = Adding::default().end();
    Seal {
        number: last.map_or(0, |last| last.number) + 1,
        version: VERSION,
        sealed_ms: now_ms,
        previous: last.map_or_else(|| NOTHING_BEFORE.to_owned(), |last| last.hash.clone()),
        requests: String::new(),
        acts: String::new(),
        requests_to: last.map_or(0, |last| last.requests_to),
        acts_to: last.map_or(0, |last| last.acts_to),
        row_count: 0,
        digest,
        gaps: last.map_or_else(String::new, |last| last.gaps.clone()),
        removed_to: last.map_or(0, |last| last.removed_to),
        hash: String::new(),
        marks,
    }
}

/// What became of a seal that was made.
#[derive(Debug)]
pub(super) enum Sealed {
    /// There was nothing to seal; the head, if there is one.
    Nothing(Option<Head>),
    /// It is written: the head now, and whether it has all there was.
    Written(Head, bool),
    /// Another one was first.
    Late,
}

/// Makes the next seal and writes it, in one transaction: on PostgreSQL, where what is read in one may be
/// lost before the next, with the server that it was read from.
pub(super) async fn seal(tx: &mut Tx<'_>, now_ms: i64) -> Result<Sealed, StoreError> {
    let found = compose(tx, now_ms).await?;
    match found.next {
        None => Ok(Sealed::Nothing(found.head)),
        Some(next) => write(tx, &next).await,
    }
}

/// Writes a seal that was made.
pub(super) async fn write(tx: &mut Tx<'_>, seal: &Seal) -> Result<Sealed, StoreError> {
    if seals::insert(tx, seal).await? {
        return Ok(Sealed::Written(Head::of(seal), seal.row_count < ROWS_MAX));
    }
    Ok(Sealed::Late)
}

/// Looks for rows that no seal has, and makes the next seal of them.
pub(super) async fn compose(tx: &mut Tx<'_>, now_ms: i64) -> Result<Found, StoreError> {
    let last = seals::last(tx).await?;
    let head = last.as_ref().map(Head::of);
    let mut next = after(last.as_ref(), now_ms);
    let mut gaps = Gaps::parse(&next.gaps)?;
    let mut room = ROWS_MAX;
    // Who has ended by now is seen by all that is read from here on.
    let before = seals::horizon(tx).await?;
    let mut adding = Adding::default();
    let requests = take(tx, Kind::Request, &gaps, next.requests_to, &mut adding, &mut room).await?;
    let acts = take(tx, Kind::Act, &gaps, next.acts_to, &mut adding, &mut room).await?;
    if room == ROWS_MAX {
        return Ok(Found { head, next: None });
    }
    for (kind, taken) in [(Kind::Request, &requests), (Kind::Act, &acts)] {
        for (from, to) in taken.numbers.spans() {
            (*from..=*to).for_each(|seq| gaps.fill(kind, seq));
        }
    }
    // With no room left, a row that has come may not have been looked at.
    if room > 0 {
        gaps.settle(before, now_ms);
    }
    if !(requests.left_out.is_empty() && acts.left_out.is_empty()) {
        // Whoever has a number that was passed over had begun by now.
        let behind = seals::horizon(tx).await?;
        gaps.keep(requests.left_out, acts.left_out, behind, now_ms);
    }
    (next.digest, next.marks) = adding.end();
    next.requests = requests.numbers.to_string();
    next.acts = acts.numbers.to_string();
    (next.requests_to, next.acts_to) = (requests.to, acts.to);
    next.row_count = ROWS_MAX - room;
    next.gaps = gaps.text();
    next.hash = next.hashed();
    Ok(Found { head, next: Some(next) })
}

/// Rows of one table for the next seal.
struct Taken {
    numbers: Ranges,
    /// Numbers that were passed over.
    left_out: Ranges,
    /// The highest number now.
    to: i64,
}

/// Adds up the rows in the gaps, then those after all that are sealed.
async fn take(
    tx: &mut Tx<'_>,
    kind: Kind,
    gaps: &Gaps,
    to: i64,
    adding: &mut Adding,
    room: &mut i64,
) -> Result<Taken, StoreError> {
    let mut taken = Taken { numbers: Ranges::default(), left_out: Ranges::default(), to };
    let mut spans = gaps.spans(kind);
    spans.extend(to.checked_add(1).map(|from| (from, i64::MAX)));
    for span in spans {
        if *room == 0 {
            break;
        }
        records::hashes(tx, kind, span, *room, |seq, hash| {
            *room -= 1;
            adding.add_hash(hash);
            taken.numbers.push(seq, seq);
            if seq - 1 > taken.to {
                taken.left_out.push(taken.to + 1, seq - 1);
            }
            taken.to = taken.to.max(seq);
        })
        .await?;
    }
    Ok(taken)
}
