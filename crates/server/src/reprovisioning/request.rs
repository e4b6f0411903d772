//! putReprovisionning's use case: may this line have that fibre, and if so, it has it (§3.4).
//!
//! [`decide`] reads and rules; [`accept`] decides again and reserves the fibre, in one transaction
//! with the row that is also the job. What may change between the two is guarded by the statements.

use ereprov_domain::{
    Refusal,
    eligibility::{self, Asked, Line, PboRelation, Target},
    order,
    reason::Reason,
    refs::{ContractRef, FibreRef, PtoRef},
    reprovisioning::State,
    route::Holder,
};
use sha2::{Digest, Sha256};

use crate::store::{
    StoreError, Tx,
    contracts::{self, Contract},
    fibres::{self, Fibre, Pto},
    idempotency::{self, Remembered},
    reprovisionings::{self, New, Reprovisioning},
};

/// How long an accepted request's name is remembered (contract.md, D22a).
pub const NAME_KEPT_MS: i64 = 24 * 3600 * 1000;

/// What is asked, by whom.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks.
    pub operator_id: i64,
    /// For which contract.
    pub contract: ContractRef,
    /// Which fibre.
    pub fibre: FibreRef,
    /// Which socket is there, as the technician says.
    pub pto: Option<PtoRef>,
    /// Whether it stays.
    pub keep_pto: bool,
    /// Why.
    pub reason: Reason,
    /// What the caller named its request.
    pub name: Option<String>,
    /// Whether another request for the contract is being decided.
    pub being_decided: bool,
    /// Now.
    pub now_ms: i64,
}

impl Ask {
    /// What the request says, hashed: the same name with another digest is another request.
    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let pto = self.pto.as_ref().map_or("", PtoRef::as_str);
        let keep = if self.keep_pto { "1" } else { "0" };
        let parts = [self.contract.as_str(), self.fibre.as_str(), pto, keep, self.reason.as_str()];
        for part in parts {
            hash.update(part.as_bytes());
            // No value contains it (§2.5), so no two requests run together alike.
            hash.update([0]);
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            text.push_str(&format!("{byte:02x}"));
            text
        })
    }
}

/// What a new re-provisioning is called.
#[derive(Debug, Clone)]
pub struct Seed {
    /// Key.
    pub id: String,
    /// The request that it comes from.
    pub request_id: String,
    /// What the operator reports it by.
    pub discharge_code: String,
}

/// Why a use case stops.
#[derive(Debug)]
pub enum Stop {
    /// The answer is no.
    Refused(Refusal),
    /// There is no answer.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Tells a refusal, which is an answer, from a failure, which undoes the transaction.
pub fn settled<T>(outcome: Result<T, Stop>) -> Result<Result<T, Refusal>, StoreError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Store(error)) => Err(error),
    }
}

/// What a request comes to.
#[derive(Debug)]
pub enum Decision {
    /// It was accepted before, under the same name: the first answer again.
    Replay(Remembered),
    /// It may start.
    Start(Box<Plan>),
}

/// What an acceptance will write.
#[derive(Debug)]
pub struct Plan {
    contract: Contract,
    fibre: Fibre,
    kept_pto: Option<(i64, String)>,
}

impl Plan {
    /// The contract that will move, as its operator calls it.
    pub fn contract_ref(&self) -> &str {
        &self.contract.reference
    }

    /// The fibre that it will move to.
    pub fn fibre_ref(&self) -> &str {
        &self.fibre.reference
    }
}

/// Decides, in the order of contract.md D26, from the contract on.
///
/// # Errors
/// The first refusal, or a failure of the database.
pub async fn decide(tx: &mut Tx<'_>, ask: &Ask) -> Result<Decision, Stop> {
    let contract = contracts::find(tx, ask.contract.as_str(), ask.operator_id).await?;
    let contract = contract.ok_or(Refusal::UnknownContract)?;
    if let Some(name) = &ask.name {
        let since = ask.now_ms - NAME_KEPT_MS;
        if let Some(remembered) = idempotency::find(tx, ask.operator_id, name, since).await? {
            if remembered.digest != ask.digest() {
                return Err(Refusal::NameReused.into());
            }
            return Ok(Decision::Replay(remembered));
        }
    }
    order::check(contract.order, contract.intervention).map_err(Refusal::Order)?;
    if ask.being_decided {
        return Err(Refusal::BeingDecided.into());
    }
    if reprovisionings::runs(tx, contract.id).await? {
        return Err(Refusal::AlreadyRunning.into());
    }
    let plan = plan(tx, contract, ask).await?;
    Ok(Decision::Start(Box::new(plan)))
}

/// Looks at the fibre and the rules.
async fn plan(tx: &mut Tx<'_>, contract: Contract, ask: &Ask) -> Result<Plan, Stop> {
    let fibre = fibres::by_ref(tx, ask.fibre.as_str()).await?.ok_or(Refusal::UnknownFibre)?;
    let place = contract.place.as_ref().ok_or(Refusal::Inconsistent("contract without a place"))?;
    let named = match (&ask.pto, ask.keep_pto) {
        (Some(pto), true) => {
            let found = fibres::find_pto(tx, pto.as_str(), place.site_id).await?;
            Some(found.ok_or(Refusal::UnknownPto)?)
        }
        // Not kept: recorded as given, for the technician may have found one that nobody knew.
        _ => None,
    };
    let line = line_of(&contract);
    let asked = Asked { reason: ask.reason, keep_pto: ask.keep_pto, names_pto: ask.pto.is_some() };
    let target = target_of(&contract, &fibre, named.as_ref())?;
    eligibility::check(&line, &asked, &target).map_err(Refusal::NotAllowed)?;
    let kept_pto = if ask.keep_pto { kept_pto(tx, &contract, named).await? } else { None };
    Ok(Plan { contract, fibre, kept_pto })
}

fn line_of(contract: &Contract) -> Line {
    Line {
        zone: contract.zone,
        building: contract.building,
        route: contract.route,
        existing_socket: contract.existing_socket,
        opac: contract.opac,
        has_socket: contract.pto_id.is_some(),
    }
}

/// The fibre as the rules see it from the contract.
fn target_of(contract: &Contract, fibre: &Fibre, kept: Option<&Pto>) -> Result<Target, Refusal> {
    let missing = |what| Refusal::Inconsistent(what);
    let place = contract.place.as_ref().ok_or_else(|| missing("contract without a place"))?;
    let pm = contract.pm_ref.as_ref().ok_or_else(|| missing("contract without a PM"))?;
    let pbo = contract.pbo_id.ok_or_else(|| missing("contract without a PBO"))?;
    if contract.fibre_id.is_none() && contract.route == order::RouteKind::Real {
        return Err(missing("contract whose route is missing"));
    }
    let relation = if fibre.pbo_id == pbo {
        PboRelation::OfTheOrder
    } else if fibre.site_id == place.site_id {
        PboRelation::OfTheSite
    } else {
        PboRelation::Elsewhere
    };
    Ok(Target {
        same_pm: fibre.pm_ref == *pm,
        pbo: relation,
        is_current: contract.fibre_id == Some(fibre.id),
        construction: fibre.construction,
        usage: fibre.shown_usage(),
        // Whoever keeps its socket will take that away: the fibre is not what it seems.
        holder: holder(fibre.contract_id.or(fibre.pto_keeper_id), contract.id),
        kept_pto_holder: kept.map_or(Holder::Nobody, |pto| holder_of_pto(pto, contract, fibre)),
    })
}

fn holder(holder: Option<i64>, contract_id: i64) -> Holder {
    match holder {
        None => Holder::Nobody,
        Some(id) if id == contract_id => Holder::ThisContract,
        Some(_) => Holder::AnotherContract,
    }
}

/// Who holds the socket that is to be kept. One that is labelled as somebody's is, known or not
/// (contract.md, D29, D31), but for the asked fibre's own, which goes by the fibre's rules.
fn holder_of_pto(pto: &Pto, contract: &Contract, asked: &Fibre) -> Holder {
    match (pto.contract_id, pto.in_use_by) {
        (None, Some(fibre_id)) if fibre_id != asked.id => Holder::AnotherContract,
        (known, _) => holder(known, contract.id),
    }
}

/// The socket that stays: the named one, or the contract's own.
async fn kept_pto(
    tx: &mut Tx<'_>,
    contract: &Contract,
    named: Option<Pto>,
) -> Result<Option<(i64, String)>, Stop> {
    if let Some(pto) = named {
        return Ok(Some((pto.id, pto.reference)));
    }
    let Some(fibre_id) = contract.fibre_id else { return Ok(None) };
    let current = fibres::by_id(tx, fibre_id).await?;
    let current = current.ok_or(Refusal::Inconsistent("contract whose route is missing"))?;
    Ok(current.pto)
}

/// Accepts a request: the fibre is reserved and the job is there, or nothing has changed.
///
/// # Errors
/// The refusal that came between the decision and now, or a failure of the database.
pub async fn accept(tx: &mut Tx<'_>, ask: &Ask, seed: &Seed) -> Result<Remembered, Stop> {
    contracts::lock(tx, ask.contract.as_str(), ask.operator_id).await?;
    let plan = match decide(tx, ask).await? {
        Decision::Replay(remembered) => return Ok(remembered),
        Decision::Start(plan) => plan,
    };
    start(tx, &plan, ask, seed, None).await?;
    let answer = Remembered {
        digest: ask.digest(),
        reprovisioning_id: seed.id.clone(),
        discharge_code: seed.discharge_code.clone(),
        pm_ref: plan.fibre.pm_ref,
        pm_position: plan.fibre.pm_position,
        fibre_ref: plan.fibre.reference,
        pto_ref: plan.kept_pto.or(plan.fibre.pto).map(|(_, reference)| reference),
    };
    if let Some(name) = &ask.name {
        idempotency::remember(tx, ask.operator_id, name, &answer, ask.now_ms).await?;
    }
    Ok(answer)
}

/// Reserves the fibre and keeps the row that is also the job; refused, it has changed nothing.
pub(super) async fn start(
    tx: &mut Tx<'_>,
    plan: &Plan,
    ask: &Ask,
    seed: &Seed,
    retried: Option<&Reprovisioning>,
) -> Result<(), Stop> {
    let held = fibres::hold(tx, plan.fibre.id, plan.contract.id, plan.fibre.usage).await?;
    if !held {
        let rule = eligibility::Rule::HeldByAnother;
        return Err(Refusal::NotAllowed(rule).into());
    }
    let new = New {
        id: &seed.id,
        contract_id: plan.contract.id,
        number: reprovisionings::next_number(tx, plan.contract.id).await?,
        attempt: retried.map_or(1, |previous| previous.attempt + 1),
        previous_id: retried.map(|previous| previous.id.as_str()),
        operator_id: plan.contract.operator_id,
        request_id: &seed.request_id,
        fibre_id: plan.fibre.id,
        old_fibre_id: plan.contract.fibre_id,
        reason: ask.reason,
        keep_pto: ask.keep_pto,
        pto_ref: ask.pto.as_ref().map(PtoRef::as_str),
        kept_pto_id: plan.kept_pto.as_ref().map(|(id, _)| *id),
        usage_before: plan.fibre.usage,
        held_before: plan.fibre.contract_id.is_some(),
        discharge_code: &seed.discharge_code,
        state: State::Initiated,
        accepted_ms: ask.now_ms,
        ended_ms: None,
        by: "accept",
    };
    if !reprovisionings::insert(tx, &new).await? {
        // It was not there when that was decided, in this transaction: whoever decides again sees it.
        let again = "another re-provisioning of the contract has come in between";
        return Err(StoreError::Again(again.into()).into());
    }
    Ok(())
}
