//! §3.4 putReprovisionning: French in, English through, French out. Networks is asked before the
//! one transaction that accepts: quota, fibre, job, discharge code, audit.

use ereprov_domain::{
    Refusal,
    refs::{ContractRef, FibreRef, PtoRef},
};
use ereprov_wire::{
    envelope::{Answer, Written as WrittenAnswer},
    put_reprovisionning::{ContratReprovisionne, FibreDemandee, Pm, PutReprovisionning},
    question::BadArgument,
};

use super::{
    answer::Refused,
    endpoint::Call,
    settle::{Counting, Finished, code, count, entry, find_out, told},
    words,
};
use crate::{
    network::NetworkError,
    reprovisioning::{
        discharge_code,
        request::{Ask, Decision, Seed, accept, decide, settled},
    },
    service::Service,
    store::{
        Store, StoreError, Tx, Written,
        audit::{self, Entry},
        idempotency::Remembered,
        seat::Seat,
    },
};

/// Longest name that a caller may give its request, in characters.
const NAME_MAX: usize = 255;

/// Answers a question.
pub(super) async fn answer(
    service: &Service,
    seat: &mut Seat,
    call: &Call,
    counting: &Counting,
    question: &PutReprovisionning,
) -> Finished {
    let name = match name(call) {
        Ok(name) => name,
        Err(bad) => return Finished::refused(Refused::Argument(bad)),
    };
    // Held until the answer is chosen: another request for the contract gets 20006 meanwhile.
    let begun = seat.begin_decision(counting.operator_id, &question.reference_contrat).await;
    let ask = match begun {
        Ok(alone) => ask(service, counting, question, name, !alone),
        Err(error) => return Finished::refused(Refused::Store(error)),
    };
    match prepare(service, seat, &ask).await {
        Err(refused) => Finished::refused(refused),
        Ok(Some(first_answer)) => Finished {
            result: Ok(accepted(&question.reference_contrat, first_answer)),
            used: None,
            recorded: false,
        },
        Ok(None) => commit(service, seat.store(), call, counting, ask).await,
    }
}

/// What the caller names its request: `Idempotency-Key`, else `wsa:MessageID`.
fn name(call: &Call) -> Result<Option<String>, BadArgument> {
    let bad = |reason: &str| Err(BadArgument::new("Idempotency-Key", reason));
    let mut keys: Vec<_> = call.idempotency_keys.iter().map(|key| key.trim()).collect();
    keys.retain(|key| !key.is_empty());
    keys.dedup();
    if keys.len() > 1 {
        return bad("donné deux fois, avec des valeurs différentes");
    }
    if keys.iter().any(|key| key.chars().count() > NAME_MAX) {
        return bad("255 caractères au plus");
    }
    let message_id = call.message.header.addressing.as_ref().map(|a| &a.message_id);
    Ok(match (keys.first(), message_id) {
        (Some(key), _) => Some(format!("key:{key}")),
        (None, Some(id)) => Some(format!("wsa:{id}")),
        (None, None) => None,
    })
}

fn ask(
    service: &Service,
    counting: &Counting,
    question: &PutReprovisionning,
    name: Option<String>,
    being_decided: bool,
) -> Ask {
    Ask {
        operator_id: counting.operator_id,
        contract: ContractRef::new(question.reference_contrat.as_str()),
        fibre: FibreRef::new(question.reference_fibre.as_str()),
        pto: question.reference_pto.as_deref().map(PtoRef::new),
        keep_pto: question.conservation_pto,
        reason: words::reason(question.motif),
        name,
        being_decided,
        now_ms: service.clock.now_ms(),
    }
}

/// Decides without writing, then asks Networks (contract.md, D36). `Some`: accepted before, under
/// the same name.
async fn prepare(service: &Service, seat: &Seat, ask: &Ask) -> Result<Option<Remembered>, Refused> {
    let decision = seat.store().read("put.decide", ask.clone(), |tx, ask| {
        Box::pin(async move { settled(decide(tx, ask).await) })
    });
    let decision = decision.await.map_err(Refused::Store)?.map_err(Refused::Business)?;
    let plan = match decision {
        Decision::Replay(first_answer) => return Ok(Some(first_answer)),
        Decision::Start(plan) => plan,
    };
    let asking = service.networks.can_start(plan.contract_ref());
    let said = tokio::select! {
        said = tokio::time::timeout(service.limits.networks_ask, asking) => said,
        lost = seat.lost() => return Err(Refused::Store(lost)),
    };
    said.unwrap_or(Err(NetworkError::TimedOut)).map_err(Refused::Network)?;
    Ok(None)
}

/// What the accepting transaction is given.
struct Acceptance {
    ask: Ask,
    seed: Seed,
    entry: Entry,
    counting: Counting,
}

enum Accepted {
    OverQuota,
    Decided { used: i64, outcome: Result<Remembered, Refusal> },
}

impl Accepted {
    /// The code of its audit row; none: OK.
    fn code(&self, counting: &Counting) -> Option<i64> {
        let refused = match self {
            Self::OverQuota => Refused::OverQuota(counting.quota),
            Self::Decided { outcome: Err(refusal), .. } => Refused::Business(*refusal),
            Self::Decided { outcome: Ok(_), .. } => return None,
        };
        Some(code(&refused))
    }
}

async fn commit(
    service: &Service,
    store: &Store,
    call: &Call,
    counting: &Counting,
    ask: Ask,
) -> Finished {
    let seed = Seed {
        id: service.entropy.id(ask.now_ms),
        request_id: call.request_id.clone(),
        discharge_code: discharge_code::generate(&service.entropy),
    };
    let contract = ask.contract.clone();
    let acceptance = Acceptance { ask, seed, entry: entry(call, None), counting: counting.clone() };
    let committed =
        store.write_told("put.accept", acceptance, |tx, args| Box::pin(accept_in(tx, args)));
    let accepted_or_not = match committed.await {
        Err(error) => return Finished::refused(Refused::Store(error)),
        Ok(Written::Committed(accepted)) => accepted,
        Ok(Written::Unknown(accepted, error)) => {
            let code = accepted.code(counting);
            match find_out(service, call, error, code).await {
                None => accepted,
                Some(failed) => return failed,
            }
        }
    };
    let (result, used) = match accepted_or_not {
        Accepted::OverQuota => (Err(Refused::OverQuota(counting.quota)), None),
        Accepted::Decided { used, outcome } => {
            let result = outcome.map(|answer| accepted(contract.as_str(), answer));
            (result.map_err(Refused::Business), Some(used))
        }
    };
    service.metrics.audit_written(service.clock.now_ms());
    service.bell.notify_one();
    Finished { result, used, recorded: true }
}

/// The accepting transaction, top to bottom.
async fn accept_in(tx: &mut Tx<'_>, args: &Acceptance) -> Result<Accepted, StoreError> {
    let Acceptance { ask, seed, entry, counting } = args;
    let Some(used) = count(tx, entry, counting).await? else { return Ok(Accepted::OverQuota) };
    let outcome = settled(accept(tx, ask, seed).await)?;
    let refused = outcome.as_ref().err().map(|refusal| Refused::Business(*refusal));
    audit::record(tx, &told(entry, refused.as_ref())).await?;
    Ok(Accepted::Decided { used, outcome })
}

fn accepted(reference_contrat: &str, answer: Remembered) -> WrittenAnswer {
    let answer = Answer::Contrat(ContratReprovisionne {
        reference: reference_contrat.to_owned(),
        code_decharge: Some(answer.discharge_code),
        pm: Some(Pm { reference: answer.pm_ref, position: answer.pm_position }),
        fibre: Some(FibreDemandee { reference: answer.fibre_ref, reference_pto: answer.pto_ref }),
    });
    answer.write()
}
