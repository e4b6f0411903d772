//! The checker can fail: a clean run, and one doctored row or answer for each thing that it finds.

use super::{Kind, Report, check};
use crate::torture::{
    facts::{Audit, Chain, Change, Contract, Facts, Fibre, Name, Operator, Usage},
    history::{Outcome, Seen},
};

const PUT: &str = "putReprovisionning";
const GET: &str = "getReprovisionning";

fn change(contract_id: i64, number: i64, fibre_id: i64, old: Option<i64>, ended_ms: i64) -> Change {
    Change {
        contract_id,
        number,
        operator_id: contract_id / 10,
        request_id: format!("request-{contract_id}-{number}"),
        fibre_id,
        old_fibre_id: old,
        discharge_code: format!("CODE-{contract_id}-{number}"),
        state: "completed".into(),
        in_progress_ms: Some(ended_ms - 10),
        ended_ms: Some(ended_ms),
    }
}

/// The audit row of a request of operator 1, and how long its session was open.
fn audit(request_id: &str, at_ms: i64, code: Option<i64>) -> Audit {
    Audit {
        request_id: request_id.into(),
        at_ms,
        operator_id: Some(1),
        method: PUT.into(),
        code,
        duration_us: 20_000,
        admitted_us: Some(2_000),
    }
}

/// The answer to a put of a change.
fn accepted(change: &Change, contract: &str, fibre: &str, received_ms: i64) -> Seen {
    Seen {
        login: format!("oc{}", change.operator_id),
        mark: format!("OC{}", change.operator_id),
        method: PUT.into(),
        contract: contract.into(),
        fibre: Some(fibre.into()),
        key: Some(format!("key-{}", change.discharge_code)),
        sent_us: (received_ms - 20) * 1000,
        received_us: received_ms * 1000,
        sent_ms: received_ms - 20,
        received_ms,
        outcome: Outcome::Ok,
        request_id: Some(change.request_id.clone()),
        discharge_code: Some(change.discharge_code.clone()),
        answer_contract: Some(contract.into()),
        answer_fibre: Some(fibre.into()),
        marks: vec![format!("OC{}", change.operator_id)],
        ..Seen::default()
    }
}

fn refused(method: &str, contract: &str, code: i64) -> Seen {
    Seen {
        login: "oc1".into(),
        mark: "OC1".into(),
        method: method.into(),
        contract: contract.into(),
        sent_us: 900_000,
        received_us: 910_000,
        outcome: Outcome::Ko,
        code: Some(code),
        request_id: Some("refused".into()),
        ..Seen::default()
    }
}

/// OC1-10 goes from fibre 1 to 2, OC2-20 takes 1 and is refused 2; OC1-11 is on 3 and stays.
fn clean() -> (Facts, Vec<Seen>) {
    let changes = vec![change(10, 1, 2, Some(1), 200), change(20, 1, 1, None, 400)];
    let contract = |id: i64, fibre_id| Contract {
        id,
        reference: format!("OC{}-{id}", id / 10),
        operator_id: id / 10,
        fibre_id: Some(fibre_id),
    };
    let fibre = |id, contract_id| Fibre { id, reference: format!("F{id}"), contract_id };
    let mut seen = vec![
        accepted(&changes[0], "OC1-10", "F2", 180),
        accepted(&changes[1], "OC2-20", "F1", 380),
        refused(PUT, "OC1-10", 20007),
        refused(GET, "OC2-20", 20019),
    ];
    let name = |change: &Change| Name {
        operator_id: change.operator_id,
        key: format!("key:key-{}", change.discharge_code),
        discharge_code: change.discharge_code.clone(),
    };
    let of_2 = Audit { operator_id: Some(2), ..audit("request-20-1", 360, None) };
    let mut facts = Facts {
        operators: (1..=2)
            .map(|id| Operator { id, login: format!("oc{id}"), quota: 100, sessions: 2 })
            .collect(),
        contracts: vec![contract(10, 2), contract(11, 3), contract(20, 1)],
        fibres: vec![fibre(1, Some(20)), fibre(2, Some(10)), fibre(3, Some(11)), fibre(4, None)],
        names: changes.iter().map(name).collect(),
        chain: Some(Chain::default()),
        changes,
        audit: vec![audit("request-10-1", 160, None), of_2],
        audit_has_sessions: true,
        usage: (1..=2)
            .map(|operator_id| Usage { operator_id, month: "2026-11".into(), used: 1 })
            .collect(),
    };
    // Refusals that were written down, of calls that were not admitted.
    facts.audit.push(Audit { admitted_us: None, ..audit("refused", 905, Some(20007)) });
    seen[3].request_id = Some("refused-get".into());
    facts.audit.push(Audit { method: GET.into(), ..audit("refused-get", 905, Some(20019)) });
    facts.usage[0].used = 2;
    (facts, seen)
}

/// What is found once a clean run was doctored.
fn found(doctor: impl FnOnce(&mut Facts, &mut Vec<Seen>)) -> Report {
    let (mut facts, mut seen) = clean();
    doctor(&mut facts, &mut seen);
    check(&facts, &seen)
}

/// Something of this kind is found, and it says so.
#[track_caller]
fn finds(kind: Kind, said: &str, doctor: impl FnOnce(&mut Facts, &mut Vec<Seen>)) {
    let report = found(doctor);
    let rows = report.violations.get(&kind).map_or(&[][..], Vec::as_slice);
    assert!(rows.iter().any(|row| row.contains(said)), "{said:?} is not in {report:#?}");
}

#[test]
fn a_clean_run_has_no_violation() {
    let report = found(|_, _| {});
    assert_eq!(report.count(), 0, "{report:#?}");
    assert!(report.notes.is_empty());
}

#[test]
fn a_fibre_of_two_lines() {
    finds(Kind::FibreTwice, "F3 is the fibre of OC1-11, OC2-20", |facts, _| {
        facts.contracts[2].fibre_id = Some(3);
    });
    finds(Kind::FibreTwice, "F2 is OC1-10's, and held by OC2-20", |facts, _| {
        facts.fibres[1].contract_id = Some(20);
    });
    finds(Kind::FibreTwice, "F3 is OC1-11's, and held by nobody", |facts, _| {
        facts.fibres[2].contract_id = None;
    });
    finds(Kind::FibreTwice, "F3 is the fibre of OC1-11, OC2-20", |facts, _| {
        // Accepted while another line has it.
        let running = Change {
            state: "in_progress".into(),
            ended_ms: None,
            ..change(20, 2, 3, Some(1), 500)
        };
        facts.changes.push(running);
    });
}

#[test]
fn a_line_that_came_to_a_fibre_which_nobody_had_left() {
    // OC1-10 never left fibre 1 for 2, and OC2-20 came there.
    finds(Kind::FibreTwice, "F2: came and never left: OC1-10, OC2-20", |facts, _| {
        facts.changes.push(change(20, 2, 2, Some(1), 600));
        facts.contracts[2].fibre_id = Some(2);
    });
    finds(Kind::FibreTwice, "OC2-20 left F3 for F4 without having been there", |facts, _| {
        facts.changes.push(change(20, 2, 4, Some(3), 600));
    });
    finds(Kind::FibreTwice, "OC2-20 has F1, and its changes led it to F4", |facts, _| {
        facts.changes.push(change(20, 2, 4, Some(1), 600));
    });
}

#[test]
fn two_answers_for_one_fibre_at_once() {
    // OC2-20 is told that it has fibre 2, and gives it up again, while OC1-10 is there.
    finds(Kind::FibreTwice, "F2 was OC1-10's (code CODE-10-1)", |facts, seen| {
        let failed =
            Change { state: "failed".into(), in_progress_ms: None, ..change(20, 2, 2, None, 500) };
        seen.push(accepted(&failed, "OC2-20", "F2", 450));
        facts.changes.push(failed);
    });
    // The same fibre after it was given up is nobody's business.
    let report = found(|facts, _| {
        let failed =
            Change { state: "failed".into(), in_progress_ms: None, ..change(20, 0, 2, None, 90) };
        let request = Audit { operator_id: Some(2), ..audit("request-20-0", 60, None) };
        facts.changes.insert(0, failed);
        facts.audit.push(request);
        facts.usage[1].used += 1;
    });
    assert_eq!(report.count(), 0, "{report:#?}");
}

#[test]
fn an_acknowledged_request_that_is_not_there() {
    finds(Kind::RequestLost, "OC2-20 was given the code CODE-20-1: no row has it", |facts, _| {
        facts.changes.pop();
        facts.contracts[2].fibre_id = None;
    });
    finds(Kind::RequestLost, "was told Some(\"F1\") with the code CODE-20-1", |facts, _| {
        facts.changes[1].fibre_id = 4;
    });
    finds(Kind::RequestLost, "the row is OC1-11's", |facts, _| facts.changes[1].contract_id = 11);
    finds(Kind::RequestLost, "an OK without a discharge code", |_, seen| {
        seen[0].discharge_code = None;
    });
    finds(
        Kind::RequestLost,
        "code CODE-20-1: accepted, and never ended (initiated)",
        |facts, _| {
            facts.changes[1].state = "initiated".into();
            facts.changes[1].ended_ms = None;
        },
    );
    finds(Kind::RequestLost, "accepted, and its audit row is None", |facts, _| {
        facts.audit.retain(|row| row.request_id != "request-20-1");
    });
    finds(Kind::RequestLost, "OC1-10 was accepted, and later unknown (20014)", |_, seen| {
        seen.push(refused(GET, "OC1-10", 20014));
    });
}

#[test]
fn one_name_with_two_codes() {
    finds(Kind::RequestLost, "was given the codes CODE-10-1 and CODE-10-2", |facts, seen| {
        let again = change(10, 2, 4, Some(2), 700);
        let mut told = accepted(&again, "OC1-10", "F4", 680);
        told.key.clone_from(&seen[0].key);
        seen.push(told);
        facts.changes.push(again);
    });
    finds(Kind::RequestLost, "was given CODE-10-1; remembered is CODE-20-1", |facts, _| {
        facts.names[0].discharge_code = "CODE-20-1".into();
    });
    finds(Kind::RequestLost, "was given CODE-20-1, and is not remembered", |facts, _| {
        facts.names.pop();
    });
}

#[test]
fn a_no_that_was_a_yes() {
    finds(Kind::RequestLost, "was told 20015, and has been accepted as CODE-20-1", |_, seen| {
        seen[1].outcome = Outcome::Ko;
        seen[1].code = Some(20015);
    });
    // A failure that leaves it open is no lie.
    let report = found(|_, seen| {
        seen[1].outcome = Outcome::Ko;
        seen[1].code = Some(10101);
    });
    assert_eq!(report.count(), 0, "{report:#?}");
}

#[test]
fn an_answer_that_its_row_does_not_tell_of() {
    finds(Kind::RequestLost, "was told Some(20007), and its audit row is None", |facts, _| {
        facts.audit.retain(|row| row.request_id != "refused");
    });
    finds(Kind::RequestLost, "was told Some(20015)", |_, seen| seen[2].code = Some(20015));
    finds(Kind::RequestLost, "was told None", |facts, _| facts.audit[1].code = Some(20012));
}

#[test]
fn a_quota_that_is_exceeded_or_miscounted() {
    finds(Kind::Quota, "oc1 used 2 of 1 in 2026-11", |facts, _| facts.operators[0].quota = 1);
    finds(Kind::Quota, "oc1 used 3; its audit has 2 to 2 rows that count", |facts, _| {
        facts.usage[0].used = 3;
    });
    finds(Kind::Quota, "oc2 used 0; its audit has 1 to 1 rows that count", |facts, _| {
        facts.usage.pop();
    });
    finds(Kind::Quota, "oc1 used 2; its audit has 3 to 3 rows that count", |facts, _| {
        facts.audit.push(audit("unseen", 1000, Some(20015)));
    });
    finds(Kind::Quota, "an OK without an audit row: putReprovisionning OC2-20", |facts, _| {
        facts.audit.retain(|row| row.request_id != "request-20-1");
    });
}

#[test]
fn a_failure_of_the_database_counts_where_the_call_was_admitted() {
    let with_failure = |admitted_us, used| {
        found(move |facts, _| {
            let row = Audit { admitted_us, ..audit("failed", 1000, Some(10101)) };
            facts.audit.push(row);
            facts.usage[0].used = used;
        })
    };
    assert_eq!(with_failure(None, 2).count(), 0);
    assert_eq!(with_failure(None, 3).count(), 1);
    assert_eq!(with_failure(Some(10), 2).count(), 1);
    assert_eq!(with_failure(Some(10), 3).count(), 0);
    assert_eq!(with_failure(Some(10), 4).count(), 1);
    // With nothing left, it may have been one too many before it failed.
    let exhausted = found(|facts, _| {
        facts.audit.push(audit("failed", 1000, Some(10101)));
        facts.operators[0].quota = 2;
    });
    assert_eq!(exhausted.count(), 0, "{exhausted:#?}");
}

#[test]
fn more_sessions_than_allowed() {
    let third = |at_ms| {
        move |facts: &mut Facts, _: &mut Vec<Seen>| {
            facts.audit.push(audit("second", 165, None));
            facts.audit.push(audit("third", at_ms, None));
            facts.usage[0].used += 2;
        }
    };
    finds(Kind::Sessions, "oc1 had 3 requests at once (2 allowed)", third(168));
    // The first one ends at 180, in which its grain is.
    assert_eq!(found(third(177)).count(), 0);
    let lost = found(|facts, _| {
        facts.audit.push(audit("second", 165, None));
        facts.audit.push(audit("third", 168, Some(10101)));
        facts.usage[0].used += 2;
    });
    assert_eq!(lost.count(), 0, "its session went with its connection: {lost:#?}");
    let report = found(|facts, _| facts.audit_has_sessions = false);
    assert_eq!(report.count(), 0);
    assert_eq!(report.notes.len(), 1, "it says what it could not check");
}

#[test]
fn something_of_another_operator() {
    finds(
        Kind::Tenants,
        "oc1 asked getReprovisionning about OC2-20, and was told OK",
        |_, seen| {
            seen[3].outcome = Outcome::Ok;
            seen[3].code = None;
        },
    );
    finds(Kind::Tenants, "about OC2-20, and was told 20014", |_, seen| seen[3].code = Some(20014));
    finds(Kind::Tenants, "about OC1-10, and read of OC2", |_, seen| {
        seen[0].marks.push("OC2".into());
    });
    finds(Kind::Tenants, "about OC1-10, and was given OC2-20's code CODE-20-1", |_, seen| {
        seen[0].discharge_code = Some("CODE-20-1".into());
    });
    finds(Kind::Tenants, "OC2-20, code CODE-20-1: of operator 1", |facts, _| {
        facts.changes[1].operator_id = 1;
    });
}

#[test]
fn an_answer_that_never_came_or_that_a_bug_gave() {
    finds(Kind::Answers, "no answer: getReprovisionning OC2-20", |_, seen| {
        seen[3].outcome = Outcome::Hung;
        seen[3].request_id = None;
    });
    finds(Kind::Answers, "the answer of a bug (0)", |_, seen| seen[2].code = Some(0));
}
