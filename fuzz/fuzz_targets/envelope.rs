//! Whatever the bytes are, they are read within bounds, to a question within bounds or to a fault that
//! can be written.

#![no_main]

use ereprov_fuzz::{
    tree,
    words::{fits, is_printable, length_of},
};
use ereprov_wire::{
    charset::decode,
    envelope::{Message, SoapVersion, read, write_fault},
    question::{BadArgument, Question},
    xml::{Limits, parse},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes of a question, unpacked, as `default.toml` has it.
const BYTES_MAX: usize = 65_536;
/// Bytes of memory that reading any question may take.
const MEMORY_BYTES_MAX: usize = 2 << 20;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if bytes.len() > BYTES_MAX {
        return Corpus::Reject;
    }
    let mut seen = Vec::new();
    for charset in [None, Some("utf-8"), Some("utf-16"), Some("iso-8859-1")] {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let Ok(text) = decode(bytes, charset) else { continue };
        if seen.contains(&text) {
            continue;
        }
        let read = [SoapVersion::V11, SoapVersion::V12].map(|hint| read(&text, hint, &[]));
        let taken = MEMORY.peak_usage().saturating_sub(before);
        assert!(taken <= MEMORY_BYTES_MAX, "{taken} bytes of memory");
        match &read {
            [Ok(one), Ok(other)] => {
                assert_eq!(format!("{one:?}"), format!("{other:?}"), "the envelope decides");
                check(one);
            }
            [Err(one), Err(other)] => {
                for fault in [one, other] {
                    let written = write_fault(fault);
                    let document = parse(&written, &ANSWER).expect("a fault is a document");
                    let reason = fault.kind.reason();
                    assert!(reason.chars().count() < 4096, "{reason}");
                    let all = tree::of(&document);
                    assert!(all.all().iter().any(|e| e.text() == Some(&reason)), "{written}");
                }
            }
            _ => panic!("the hint decides whether it is read: {read:?}"),
        }
        seen.push(text);
    }
    Corpus::Keep
});

/// A fault names each header block that is not understood.
const ANSWER: Limits = Limits { namespaces_max: 128, ..Limits::QUESTION };

fn check(message: &Message) {
    if let Some(contract) = &message.reference_contrat {
        assert!(fits(contract, 30), "{contract:?}");
    }
    match &message.question {
        Ok(question) => check_question(question),
        Err(BadArgument { field, reason }) => {
            assert!(fits(field, 40), "{field:?}");
            assert!(reason.chars().count() < 200 && reason.chars().all(is_said), "{reason}");
        }
    }
    assert!(message.header.tokens.len() <= 512);
    if let Some(addressing) = &message.header.addressing {
        let length = addressing.message_id.chars().count();
        assert!((1..=255).contains(&length), "{length} characters of wsa:MessageID");
    }
}

/// Our own sentences have a few signs that §2.5 does not.
fn is_said(c: char) -> bool {
    is_printable(c) || matches!(c, '«' | '»' | '\u{a0}')
}

fn check_question(question: &Question) {
    let mut values = vec![("referenceContrat", question.reference_contrat())];
    match question {
        Question::GetSiteStructure(_) | Question::GetReprovisionning(_) => {}
        Question::GetRoSite(asked) => {
            if let Some(place) = &asked.lieu {
                values.push(("referenceBatiment", &place.reference_batiment));
                values.push(("referenceEscalier", &place.reference_escalier));
                values.push(("referenceEtage", &place.reference_etage));
            }
            values.extend(asked.reference_pbo.as_deref().map(|pbo| ("referencePBO", pbo)));
        }
        Question::PutReprovisionning(asked) => {
            values.push(("referenceFibre", &asked.reference_fibre));
            values.extend(asked.reference_pto.as_deref().map(|pto| ("referencePTO", pto)));
        }
    }
    for (field, value) in values {
        assert!(!value.is_empty() && value.trim() == value, "{field}: {value:?}");
        assert!(fits(value, length_of(field)), "{field}: {value:?}");
    }
}
