//! The client reading whatever comes back: within bounds, to an answer of the method that was asked or to
//! a reason, and the same each time.

#![no_main]

use ereprov_fuzz::words::METHODS;
use ereprov_wire::{
    charset::decode,
    envelope::{Answer, Answered, NoAnswer, Reply, read_answer},
    operation::Operation,
};
use libfuzzer_sys::{Corpus, fuzz_target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes of an input; the largest sample has some five thousand.
const BYTES_MAX: usize = 65_536;
/// Bytes of memory that reading any of them may take.
const MEMORY_BYTES_MAX: usize = 16 << 20;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if bytes.len() > BYTES_MAX {
        return Corpus::Reject;
    }
    let Ok(text) = decode(bytes, None) else { return Corpus::Reject };
    for operation in Operation::ALL {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let read = read_answer(&text, operation);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(taken <= MEMORY_BYTES_MAX, "{taken} bytes of memory");
        assert_eq!(read, read_answer(&text, operation));
        match read {
            Ok(answered) => check(&answered, operation),
            Err(NoAnswer::OtherMethod(other)) => {
                assert_ne!(other, operation);
                assert!(METHODS.iter().any(|name| text.contains(&format!("{name}Response"))));
            }
            Err(_) => {}
        }
    }
    Corpus::Keep
});

fn check(answered: &Answered, operation: Operation) {
    assert!(answered.departures.len() <= 64);
    for departure in &answered.departures {
        assert!(departure.seen.chars().count() <= 500, "{departure:?}");
    }
    let Reply::Ok(answer) = &answered.reply else { return };
    let is_asked = matches!(
        (answer, operation),
        (Answer::Site(_), Operation::GetSiteStructure)
            | (Answer::RoSite(_), Operation::GetRoSite)
            | (Answer::Contrat(_), Operation::PutReprovisionning)
            | (Answer::Suivi(_), Operation::GetReprovisionning)
    );
    assert!(is_asked, "{answer:?} for {operation}");
}
