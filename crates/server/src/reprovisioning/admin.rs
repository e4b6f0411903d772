//! What the OI does to a re-provisioning by hand: cancel it, try it again.

use std::time::Duration;

use ereprov_domain::{
    Refusal,
    refs::{ContractRef, FibreRef, PtoRef},
    reprovisioning::State,
};

use super::{
    driver::Driver,
    request::{Ask, Decision, Seed, Stop, decide, settled, start},
    steps::{Outcome, Record, record},
};
use crate::{
    network::{Cancelled, NetworkError},
    store::{
        StoreError, Tx,
        admin_acts::{self, Act},
        contracts,
        reprovisionings::{self, Later, Lease, Reprovisioning},
    },
};

/// How long a driver may hold a job before a canceller gives up waiting for it.
const WAIT_FOR_LEASE: Duration = Duration::from_secs(15);

/// Why a re-provisioning was not cancelled or tried again.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No re-provisioning has this key.
    #[error("no such re-provisioning")]
    Unknown,
    /// It has ended already.
    #[error("it has already ended: {0}")]
    Ended(State),
    /// It still runs.
    #[error("it is still running: {0}")]
    Running(State),
    /// A later one exists for the same contract.
    #[error("the contract has had a later re-provisioning")]
    NotTheLatest,
    /// A driver keeps working on it.
    #[error("a worker holds it; try again in a few seconds")]
    Held,
    /// Networks cannot be told.
    #[error("Networks cannot be told: {0}")]
    Network(#[from] NetworkError),
    /// The rules say no.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Calls a running one off: Networks is told first. Answers how it ended, which is `Completed`
/// where Networks had already finished (contract.md, D32).
///
/// # Errors
/// See [`AdminError`]; nothing has changed then.
pub async fn cancel(driver: &Driver, id: &str, act: Act) -> Result<State, AdminError> {
    let lease = lease(driver, id).await?;
    let job = find(driver, id).await?;
    let call = driver.networks.cancel(id, &job.contract_ref, &job.fibre_ref);
    let told = tokio::time::timeout(driver.patience.call, call);
    let told = driver.holding(id, &lease.token, told).await.ok_or(AdminError::Held)?;
    let outcome = match told.unwrap_or(Err(NetworkError::TimedOut)) {
        Ok(Cancelled::CalledOff) => Outcome::End(State::Cancelled, Some(act.reason.clone())),
        Ok(Cancelled::AlreadyDone) => Outcome::End(State::Completed, None),
        Err(error) => {
            let unchanged = as_it_was(&job);
            record_with(driver, job, lease, unchanged, None).await?;
            return Err(error.into());
        }
    };
    record_with(driver, job, lease, outcome, Some(act)).await?;
    Ok(find(driver, id).await?.state)
}

/// Records an outcome and the act that it comes from, or neither.
async fn record_with(
    driver: &Driver,
    job: Reprovisioning,
    lease: Lease,
    outcome: Outcome,
    act: Option<Act>,
) -> Result<(), AdminError> {
    let kept = Record { job, token: lease.token, outcome, now_ms: driver.clock.now_ms() };
    let recorded = driver.store.write("admin.record", (kept, act), |tx, (kept, act)| {
        Box::pin(async move {
            let recorded = record(tx, kept).await?;
            if let Some(act) = act.as_ref().filter(|_| recorded) {
                admin_acts::record(tx, act).await?;
            }
            Ok(recorded)
        })
    });
    if recorded.await? { Ok(()) } else { Err(AdminError::Held) }
}

/// Gives the job back to the drivers.
fn as_it_was(job: &Reprovisioning) -> Outcome {
    Outcome::Later(Later {
        state: job.state,
        in_progress_ms: job.in_progress_ms,
        step: job.step,
        due_ms: job.due_ms,
        failures: job.failures,
        last_error: job.last_error.clone(),
    })
}

/// Takes the lease, waiting for a step that is being taken.
async fn lease(driver: &Driver, id: &str) -> Result<Lease, AdminError> {
    let give_up = tokio::time::Instant::now() + WAIT_FOR_LEASE;
    loop {
        let job = find(driver, id).await?;
        if job.state.is_final() {
            return Err(AdminError::Ended(job.state));
        }
        let now = driver.now().await?;
        let lease = driver.new_lease(now.ms);
        let asked = (id.to_owned(), lease.clone(), now);
        let taken = driver.store.write("admin.lease", asked, |tx, (id, lease, now)| {
            Box::pin(reprovisionings::take_lease(tx, id, lease, *now))
        });
        if taken.await? {
            return Ok(lease);
        }
        if tokio::time::Instant::now() > give_up {
            return Err(AdminError::Held);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn find(driver: &Driver, id: &str) -> Result<Reprovisioning, AdminError> {
    let found = driver
        .store
        .read("admin.find", id.to_owned(), |tx, id| Box::pin(reprovisionings::find(tx, id)));
    found.await?.ok_or(AdminError::Unknown)
}

/// Tries a failed or cancelled one again: a new attempt, linked to it, under every rule as of now.
/// The discharge code is the request's, which the operator has, and stays.
///
/// # Errors
/// See [`AdminError`]; nothing has changed then.
pub async fn retry(driver: &Driver, id: &str, act: Act) -> Result<Reprovisioning, AdminError> {
    let previous = find(driver, id).await?;
    if !previous.state.is_final() {
        return Err(AdminError::Running(previous.state));
    }
    if previous.state == State::Completed {
        return Err(AdminError::Ended(previous.state));
    }
    let now_ms = driver.clock.now_ms();
    let new_id = driver.entropy.id(now_ms);
    let asked = (previous, new_id.clone(), act, now_ms);
    let started = driver.store.write("admin.retry", asked, |tx, (previous, id, act, now)| {
        Box::pin(async move { settled(try_again(tx, previous, id, act, *now).await) })
    });
    match started.await? {
        Ok(true) => Ok(find(driver, &new_id).await?),
        Ok(false) => Err(AdminError::NotTheLatest),
        Err(refusal) => Err(AdminError::Refused(refusal)),
    }
}

async fn try_again(
    tx: &mut Tx<'_>,
    previous: &Reprovisioning,
    id: &str,
    act: &Act,
    now_ms: i64,
) -> Result<bool, Stop> {
    contracts::lock(tx, &previous.contract_ref, previous.operator_id).await?;
    let latest = reprovisionings::latest(tx, previous.contract_id).await?;
    if latest.is_some_and(|latest| latest.id != previous.id) {
        return Ok(false);
    }
    let ask = Ask {
        operator_id: previous.operator_id,
        contract: ContractRef::new(previous.contract_ref.as_str()),
        fibre: FibreRef::new(previous.fibre_ref.as_str()),
        pto: previous.pto_ref.as_deref().map(PtoRef::new),
        keep_pto: previous.keep_pto,
        reason: previous.reason,
        name: None,
        being_decided: false,
        now_ms,
    };
    let seed = Seed {
        id: id.to_owned(),
        request_id: previous.request_id.clone(),
        discharge_code: previous.discharge_code.clone(),
    };
    if let Decision::Start(plan) = decide(tx, &ask).await? {
        start(tx, &plan, &ask, &seed, Some(previous)).await?;
    }
    admin_acts::record(tx, act).await?;
    Ok(true)
}
