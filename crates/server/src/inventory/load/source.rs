//! Where rows come from: the files of our own format, or a reader of somebody else's.

use std::collections::BTreeSet;

use super::{
    record::Mistake,
    rows::{
        ContractRow, FactRow, FibreRow, FloorRow, OperatorRow, PboRow, PtoRow, ReportRow,
        ReprovisioningRow,
    },
};

/// Where a row stands: in which of its source's files, and on which line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file, as its source numbers them, from 0.
    pub file: u32,
    /// The line.
    pub line: u32,
}

/// A row of an inventory, checked by itself.
#[derive(Debug)]
pub enum Row {
    /// An operator.
    Operator(OperatorRow),
    /// A floor, with its site.
    Floor(FloorRow),
    /// A PBO.
    Pbo(PboRow),
    /// A socket.
    Pto(PtoRow),
    /// A fibre.
    Fibre(FibreRow),
    /// A contract.
    Contract(ContractRow),
    /// A contract, as the report of its order has it.
    Report(ReportRow),
    /// What reports do not say.
    Fact(FactRow),
    /// A past re-provisioning.
    Past(ReprovisioningRow),
}

/// What a source gives its rows to. Both answer whether more is wanted.
pub trait Taker {
    /// Takes a row.
    fn row(&mut self, origin: Origin, row: Row) -> bool;
    /// Takes what is wrong with a line, which is then refused.
    fn mistake(&mut self, origin: Origin, mistake: Mistake) -> bool;
    /// Takes what is worth knowing and refuses nothing, such as a column that nobody knows.
    fn note(&mut self, note: String);
}

/// Something that rows come from. It is read once, on a thread of its own; its lines are looked up
/// again where some of them turn out to contradict others.
pub trait Source: Send {
    /// Its files, as messages name them; [`Origin::file`] counts them.
    fn files(&self) -> Vec<String>;

    /// Which kinds its files hold, whole ones at least: `floors`, `pbos`, `ptos`, `fibres`, `contracts`.
    fn kinds(&self) -> Vec<&'static str>;

    /// How large it is, in bytes, where that is known; [`Source::read`] counts them in `progress`.
    fn size(&self) -> Option<u64>;

    /// Gives every row and every mistake to a taker, in their order, until it wants no more.
    ///
    /// # Errors
    /// A file cannot be read.
    fn read(&mut self, progress: &Progress, taker: &mut dyn Taker) -> anyhow::Result<()>;

    /// What a column of ours is called in its files, in messages.
    fn column(&self, ours: &'static str) -> String {
        ours.to_owned()
    }

    /// What is wrong, and what to do, where a line is refused for a reason that the database's side found,
    /// by its code; `None`: what is said of our own format.
    fn reason(&self, _code: &str) -> Option<&'static str> {
        None
    }

    /// Whether lines that were refused can be loaded by themselves, once they are right.
    fn loads_alone(&self) -> bool {
        true
    }

    /// Writes the head of one of its files and the lines that are named, so that they can be loaded
    /// again once they are right; false: it cannot be read twice.
    ///
    /// # Errors
    /// A file cannot be read or written.
    fn copy_lines(
        &mut self,
        file: u32,
        lines: &BTreeSet<u32>,
        into: &mut dyn std::io::Write,
    ) -> anyhow::Result<bool>;
}

/// How much has been read, for whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes, as they lie on the disk.
    pub bytes: std::sync::atomic::AtomicU64,
    /// Rows that were taken or refused.
    pub rows: std::sync::atomic::AtomicU64,
}
