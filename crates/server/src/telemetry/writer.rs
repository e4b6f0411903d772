//! What the one writer of a SQLite file tells Prometheus: whether the disk bounds it, or its work.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::{Registry, Unit},
};

use crate::store::Spent;

/// Its counters; all stay 0 on PostgreSQL.
#[derive(Default)]
pub(super) struct Writer {
    seconds: Family<PartLabels, Counter<f64, AtomicU64>>,
    commits: Counter,
    use_cases: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    part: &'static str,
}

impl Writer {
    /// Adds them to what Prometheus reads.
    pub(super) fn register(&self, registry: &mut Registry) {
        self.show(&Spent::default());
        registry.register_with_unit(
            "writer",
            "What the writer of a SQLite file spent on running use cases, and on committing them",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register(
            "writer_commits",
            "Groups of use cases that the writer of a SQLite file committed, or tried to",
            self.commits.clone(),
        );
        registry.register("writer_use_cases", "Use cases in those groups", self.use_cases.clone());
    }

    /// Shows what it has done since its start.
    pub(super) fn show(&self, spent: &Spent) {
        for (part, time) in [("use_cases", spent.running), ("commits", spent.committing)] {
            let seconds = self.seconds.get_or_create(&PartLabels { part });
            // What only grows in the store is counted there, and shown as it is.
            seconds.inner().store(time.as_secs_f64().to_bits(), Ordering::Relaxed);
        }
        self.commits.inner().store(spent.commits, Ordering::Relaxed);
        self.use_cases.inner().store(spent.use_cases, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_number_is_where_the_manual_says() {
        let (writer, mut registry) = (Writer::default(), Registry::with_prefix("ereprov"));
        writer.register(&mut registry);
        let page = || {
            let mut page = String::new();
            prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
            page
        };
        let names = [
            "ereprov_writer_seconds_total{part=\"use_cases\"}",
            "ereprov_writer_seconds_total{part=\"commits\"}",
            "ereprov_writer_commits_total",
            "ereprov_writer_use_cases_total",
        ];
        let assert_shows = |values: [&str; 4]| {
            let page = page();
            for (name, value) in names.iter().zip(values) {
                assert!(page.contains(&format!("{name} {value}\n")), "{name} {value}\n{page}");
            }
        };
        assert_shows(["0.0", "0.0", "0", "0"]);
        let (running, committing) = (Duration::from_millis(1500), Duration::from_millis(2500));
        writer.show(&Spent { commits: 3, use_cases: 40, running, committing });
        assert_shows(["1.5", "2.5", "3", "40"]);
    }
}
