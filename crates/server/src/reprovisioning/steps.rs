//! The steps of a re-provisioning (contract.md, D32). Each one looks, then does, then records with
//! the lease's token: done twice, it has one effect; cut anywhere, it is taken up again.

use std::{fmt, time::Duration};

use ereprov_domain::reprovisioning::{State, Step};

use crate::{
    network::{Cancelled, NetworkError, NetworkOrder, Networks, Progress},
    notify::facts,
    store::{
        StoreError, Tx, contracts, fibres,
        reprovisionings::{self, Later, Reprovisioning},
    },
};

/// How often, how long, how many times.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two looks at Networks, when it is nearly done.
    pub poll: Duration,
    /// For one call to Networks.
    pub call: Duration,
    /// Failures in a row after which it is called off; after as many more, it is given up.
    pub failures_max: i64,
    /// Before the first repetition; each next one waits twice as long.
    pub backoff_first: Duration,
    /// Before any repetition at the most.
    pub backoff_max: Duration,
}

/// What a step comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It goes on.
    Later(Later),
    /// It has ended, and why.
    End(State, Option<String>),
    /// It has failed, and nobody knows whether Networks has re-patched or still will: the fibre is
    /// nobody's, and is offered to nobody.
    GivenUp(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(later) => {
                write!(f, "{}, next {}", later.state, later.step)?;
                later.last_error.iter().try_for_each(|error| write!(f, ", last error: {error}"))
            }
            Self::End(state, None) => write!(f, "{state}"),
            Self::End(state, Some(why)) => write!(f, "{state}: {why}"),
            Self::GivenUp(why) => write!(f, "failed: {why}"),
        }
    }
}

/// Takes the next step with Networks; writes nothing.
pub async fn perform(
    networks: &Networks,
    patience: &Patience,
    job: &Reprovisioning,
    now_ms: i64,
) -> Outcome {
    let call = async {
        match job.step {
            Step::Submit => {
                let order = NetworkOrder {
                    id: &job.id,
                    contract_ref: &job.contract_ref,
                    fibre_ref: &job.fibre_ref,
                };
                networks.submit(&order).await.map(|()| Next::Watch)
            }
            Step::Watch => {
                let progress = networks.progress(&job.id, &job.contract_ref).await;
                progress.map(Next::Saw)
            }
        }
    };
    let failure = match within(patience.call, call).await {
        // What counts as recovered is progress, not that it was handed over once more.
        Ok(Next::Watch) => {
            return later(job, job.state, Step::Watch, now_ms, job.failures, now_ms);
        }
        Ok(Next::Saw(progress)) => match saw(patience, job, progress, now_ms) {
            Ok(outcome) => return outcome,
            Err(failure) => failure,
        },
        Err(error) => Failure { said: error.to_string(), step: job.step },
    };
    failed(networks, patience, job, failure, now_ms).await
}

/// What went wrong, and what to do when it is tried again.
struct Failure {
    said: String,
    step: Step,
}

enum Next {
    Watch,
    Saw(Progress),
}

/// A call to Networks that does not answer in time has timed out.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, NetworkError>>,
) -> Result<T, NetworkError> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(NetworkError::TimedOut))
}

fn saw(
    patience: &Patience,
    job: &Reprovisioning,
    progress: Progress,
    now_ms: i64,
) -> Result<Outcome, Failure> {
    // Networks says until when, and may be early: a quarter of the time that is left is soon enough,
    // and thousands of orders that take a day do not keep the driver busy every second.
    let look_again = |until_ms: i64| {
        let quarter_ms = ((until_ms - now_ms) / 4).min(ms(patience.backoff_max));
        until_ms.clamp(now_ms + 1, now_ms + ms(patience.poll).max(quarter_ms))
    };
    let (state, until_ms) = match progress {
        Progress::Waiting { until_ms } => (job.state, until_ms),
        Progress::Working { until_ms } => (State::InProgress, until_ms),
        Progress::Done => return Ok(Outcome::End(State::Completed, None)),
        Progress::Refused(why) => return Ok(Outcome::End(State::Failed, Some(why))),
        Progress::CalledOff => return Ok(called_off(patience, job)),
        // It forgot: handing it over again is harmless, but not for ever.
        Progress::Unknown => {
            let said = "Networks has never heard of it".to_owned();
            return Err(Failure { said, step: Step::Submit });
        }
    };
    Ok(later(job, state, Step::Watch, look_again(until_ms), 0, now_ms))
}

/// Called off, and not recorded as such: by the OI, or, where it was about to be, after too many
/// failures.
fn called_off(patience: &Patience, job: &Reprovisioning) -> Outcome {
    let failures = job.failures + 1;
    if failures >= patience.failures_max {
        let said = job.last_error.as_deref().unwrap_or("not known");
        return Outcome::End(State::Failed, Some(given_up(failures, said)));
    }
    Outcome::End(State::Cancelled, Some("called off in Networks".to_owned()))
}

fn later(
    job: &Reprovisioning,
    state: State,
    step: Step,
    due_ms: i64,
    failures: i64,
    now_ms: i64,
) -> Outcome {
    Outcome::Later(Later {
        state,
        in_progress_ms: (state == State::InProgress).then_some(now_ms),
        step,
        due_ms,
        failures,
        last_error: job.last_error.clone(),
    })
}

/// Repeats later, longer each time. After too many failures the change is called off, which ends it
/// once Networks confirms; after as many again without a word, it is given up.
async fn failed(
    networks: &Networks,
    patience: &Patience,
    job: &Reprovisioning,
    failure: Failure,
    now_ms: i64,
) -> Outcome {
    let failures = job.failures + 1;
    if failures >= patience.failures_max {
        let cancel = networks.cancel(&job.id, &job.contract_ref, &job.fibre_ref);
        let why = given_up(failures, &failure.said);
        match within(patience.call, cancel).await {
            Ok(Cancelled::AlreadyDone) => return Outcome::End(State::Completed, None),
            Ok(Cancelled::CalledOff) => return Outcome::End(State::Failed, Some(why)),
            Err(_) if failures >= 2 * patience.failures_max => {
                let unsure = "whether it re-patched is unknown, so the fibre is out of service";
                return Outcome::GivenUp(format!("{why}; {unsure}"));
            }
            Err(_) => {}
        }
    }
    let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(20);
    let wait = patience.backoff_first.saturating_mul(1 << doublings).min(patience.backoff_max);
    Outcome::Later(Later {
        state: job.state,
        in_progress_ms: None,
        step: failure.step,
        due_ms: now_ms + ms(wait),
        failures,
        last_error: Some(failure.said),
    })
}

fn given_up(failures: i64, last: &str) -> String {
    format!("given up after {failures} failures of Networks, the last: {last}")
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// What there is to record.
#[derive(Debug)]
pub struct Record {
    /// The job, as it was when the step began.
    pub job: Reprovisioning,
    /// The lease under which the step was taken.
    pub token: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Now.
    pub now_ms: i64,
}

/// Writes what a step came to, with everything that follows from it; false: the lease was lost, and
/// nothing is written.
///
/// # Errors
/// A failure of the database; nothing is written then either.
pub async fn record(tx: &mut Tx<'_>, record: &Record) -> Result<bool, StoreError> {
    let Record { job, token, outcome, now_ms } = record;
    let (state, why) = match outcome {
        Outcome::Later(later) => {
            return reprovisionings::postpone(tx, &job.id, token, later).await;
        }
        Outcome::End(state, why) => (*state, why.as_deref()),
        Outcome::GivenUp(why) => (State::Failed, Some(why.as_str())),
    };
    if !state.is_final() || !job.state.may_become(state) {
        return Err(StoreError::Bug(format!("{} may not become {state}", job.state)));
    }
    if !reprovisionings::finish(tx, &job.id, token, state, why, *now_ms).await? {
        return Ok(false);
    }
    match (state, outcome) {
        (State::Completed, _) => move_line(tx, job).await?,
        (_, Outcome::GivenUp(_)) => fibres::withdraw(tx, job.fibre_id, job.contract_id).await?,
        _ => {
            let (usage, held) = (job.usage_before, job.held_before);
            fibres::release(tx, job.fibre_id, job.contract_id, usage, held).await?;
        }
    }
    facts::tell(tx, job, state, *now_ms).await?;
    Ok(true)
}

/// The line moves: the old route meets its fate, a kept socket follows, the new fibre is the
/// contract's (contract.md, D34).
async fn move_line(tx: &mut Tx<'_>, job: &Reprovisioning) -> Result<(), StoreError> {
    if let Some(old) = job.old_fibre_id {
        fibres::leave(tx, old, job.contract_id, job.reason.fate_of_old_route()).await?;
    }
    if let Some(kept) = job.kept_pto_id {
        let fibre = fibres::by_id(tx, job.fibre_id).await?;
        let fibre = fibre.ok_or_else(|| StoreError::Bug("the fibre asked for is gone".into()))?;
        fibres::exchange_sockets(tx, &fibre, kept).await?;
    }
    if !fibres::occupy(tx, job.fibre_id, job.contract_id).await? {
        return Err(StoreError::Bug("the contract no longer holds the fibre it moves to".into()));
    }
    contracts::move_to(tx, job.contract_id, job.fibre_id).await
}
