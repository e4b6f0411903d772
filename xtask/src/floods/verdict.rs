//! What a flood came to, as a row of a table, and what of it is too much.

use std::time::Duration;

use super::{RECOVERY_MAX, honest::Said, server::Sizes, slow::Told};

/// The honest callers' p99 may be this long, or so many times the quiet one's.
const P99_MAX: Duration = Duration::from_millis(250);
const TIMES_QUIET_MAX: u32 = 5;
/// Memory for each connection that may be open, in KiB: a whole body, and what it takes to read it.
const CONNECTION_KIB: u64 = 96;
/// Open files beside the connections.
const FILES_OWN: usize = 128;

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) said: Said,
    /// The largest that the service was.
    pub(super) highest: Sizes,
    pub(super) told: Told,
    /// New connections that were answered.
    pub(super) storm: usize,
    /// How long it took until the service's connections were as before.
    pub(super) recovered: Option<Duration>,
    /// What the honest callers noticed afterwards.
    pub(super) after: Option<Said>,
}

impl Row {
    pub(super) fn quiet(said: &Said, sizes: Sizes) -> Self {
        let said = said.clone();
        let (told, recovered) = (Told::default(), Some(Duration::ZERO));
        Self { name: "none", said, highest: sizes, told, storm: 0, recovered, after: None }
    }

    pub(super) fn heading(sockets: u32, connections: u32) -> String {
        format!(
            "{sockets} sockets a flood, {connections} new connections a second beside it\n\n\
             | flood | held / closed | others answered | honest answers | lost | p50 ms | p99 ms | \
             open files | memory MiB | recovered ms | p99 ms after |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
        )
    }

    pub(super) fn line(&self) -> String {
        let Told { held, closed } = self.told;
        let after = self.after.as_ref().and_then(Said::p99);
        format!(
            "| {} | {held} / {closed} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.name,
            self.storm,
            self.said.answers(),
            self.said.lost,
            ms(self.said.median()),
            ms(self.said.p99()),
            self.highest.files,
            self.highest.memory_kib / 1024,
            ms(self.recovered),
            ms(after),
        )
    }

    /// What is too much; nothing, if all is well.
    pub(super) fn broken(&self, quiet: &Said, at_rest: Sizes, connections: usize) -> Vec<String> {
        let mut broken = Vec::new();
        let p99_max = quiet.p99().map_or(P99_MAX, |p99| P99_MAX.max(p99 * TIMES_QUIET_MAX));
        let mut honest = |when: &str, said: &Said| {
            if said.lost > 0 {
                broken.push(format!("{} honest questions got no answer {when}", said.lost));
            }
            if said.p99().is_none_or(|p99| p99 > p99_max) {
                let p99 = ms(said.p99());
                broken.push(format!("p99 {p99} ms {when}, {} at the most", ms(Some(p99_max))));
            }
        };
        honest("meanwhile", &self.said);
        if let Some(after) = &self.after {
            honest("afterwards", after);
        }
        let files_max = connections + FILES_OWN;
        if self.highest.files > files_max {
            broken.push(format!("{} open files, {files_max} at the most", self.highest.files));
        }
        let memory_max = at_rest.memory_kib + connections as u64 * CONNECTION_KIB;
        if self.highest.memory_kib > memory_max {
            let highest = self.highest.memory_kib;
            broken.push(format!("{highest} KiB of memory, {memory_max} at the most"));
        }
        if self.recovered.is_none_or(|recovered| recovered > RECOVERY_MAX) {
            broken.push("its connections are still there".to_owned());
        }
        // A flood that does not flood shows nothing.
        if self.told.held + self.told.closed == 0 {
            broken.push("slowhttptest opened no connection".to_owned());
        }
        broken
    }
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
pub(super) fn print(line: &str) {
    println!("{line}");
}

fn ms(time: Option<Duration>) -> String {
    time.map_or("-".to_owned(), |time| time.as_millis().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let told = Told { held: 1, closed: 1 };
        let sizes = Sizes { files: 600, memory_kib: 40_000 };
        Row { told, ..Row::quiet(&Said::of(&[10; 100]), sizes) }
    }

    fn broken(row: &Row) -> usize {
        row.broken(&Said::of(&[20; 100]), Sizes { files: 30, memory_kib: 30_000 }, 1024).len()
    }

    #[test]
    fn each_bound_is_looked_at() {
        assert_eq!(broken(&row()), 0);
        assert_eq!(broken(&Row { said: Said::of(&[250; 100]), ..row() }), 0);
        assert_eq!(broken(&Row { said: Said::of(&[251; 100]), ..row() }), 1);
        assert_eq!(broken(&Row { said: Said::of(&[]), ..row() }), 1);
        assert_eq!(broken(&Row { after: Some(Said::of(&[251; 100])), ..row() }), 1);
        assert_eq!(broken(&Row { said: Said::of(&[1]).and_lost(1), ..row() }), 1);
        assert_eq!(broken(&Row { recovered: None, ..row() }), 1);
        assert_eq!(broken(&Row { told: Told::default(), ..row() }), 1);
        let sizes = Sizes { files: 1153, memory_kib: 30_000 + 1024 * CONNECTION_KIB + 1 };
        assert_eq!(broken(&Row { highest: sizes, ..row() }), 2);
        let slow = Said::of(&[100; 100]);
        let slower = Row { said: Said::of(&[400; 100]), ..row() };
        assert_eq!(slower.broken(&slow, Sizes { files: 30, memory_kib: 30_000 }, 1024).len(), 0);
    }
}
