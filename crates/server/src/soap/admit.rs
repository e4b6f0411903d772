//! Who asks, and may they: closed, login, profile, session, quota, in the order of contract.md D26.

use std::sync::Arc;

use super::{
    answer::Refused,
    endpoint::Call,
    prove::prove,
    recent::{Asker, Memory},
    settle::Counting,
};
use crate::{
    admission::{
        digest::{Claimed, claimed},
        verify::Asking,
    },
    calendar,
    service::Service,
    store::{
        Store, StoreError, Tx,
        operators::{self, Operator},
        seat::Seat,
        service::{self, ServiceState},
        usage,
    },
};

/// Closed, login, profile, session, quota. The call learns its operator once the login is verified,
/// and what it counts on once it passed all of them. The session is its seat's.
pub(super) async fn admit(
    service: &Service,
    seat: &mut Seat,
    call: &Call,
    memory: &mut Memory<'_>,
) -> Result<(), Refused> {
    let tokens = &call.message.header.tokens;
    let claim = claimed(service.digests.as_ref(), &call.authorization, tokens, call.at_ms);
    if matches!(claim, Ok(Claimed::Digest(_))) {
        // It is spent here: the question cannot be answered anew.
        memory.forget();
    }
    let login = claim.as_ref().map_or("", |claim| claim.login()).to_owned();
    let month = calendar::month(call.at_ms);
    let believes = |operator: Option<&Operator>| match &claim {
        Ok(Claimed::Password(claim)) => {
            let Call { address, at_ms, certificate, .. } = *call;
            let asking = Asking { address, at_ms, certificate };
            service.credentials.believes(claim, operator, asking)
        }
        _ => false,
    };
    let known = known(seat.store(), login, &month, memory, believes).await;
    let known = known.map_err(Refused::Store)?;
    if known.state.closed {
        let ServiceState { reason, until_ms, .. } = known.state;
        return Err(Refused::Closed { reason, until_ms });
    }
    let claim = claim.map_err(Refused::Login)?;
    if !known.believed {
        let operator = known.operator.as_deref();
        Box::pin(prove(service, seat.store(), call, &claim, operator)).await?;
    }
    // Nobody is proven to be whom nobody knows.
    let operator = known.operator.ok_or(Refused::Bug)?;
    let found = call.operator.get_or_init(|| operator);
    let profile = found.profile.as_ref().and_then(|name| service.profiles.get(name));
    let profile = profile.ok_or(Refused::NoProfile)?;
    if !profile.methods.contains(&call.message.operation) {
        return Err(Refused::MethodNotAllowed);
    }
    let sessions_max = found.sessions.unwrap_or(profile.sessions);
    match seat.open_session(found.id, sessions_max).await {
        Ok(true) => call.admitted_us.get_or_init(|| call.elapsed_us()),
        Ok(false) => return Err(Refused::TooManySessions(sessions_max)),
        Err(error) => return Err(Refused::Store(error)),
    };
    let quota = found.quota.unwrap_or(profile.quota);
    if known.used >= quota {
        // Counting it would refuse it too; this spares the work.
        return Err(Refused::OverQuota(quota));
    }
    call.counting.get_or_init(|| Counting { operator_id: found.id, month, quota });
    Ok(())
}

struct Known {
    state: ServiceState,
    operator: Option<Arc<Operator>>,
    /// The claim is believed to be this operator's without being verified.
    believed: bool,
    /// Calls of the month, as far as was read; counting decides.
    used: i64,
}

async fn known(
    store: &Store,
    login: String,
    month: &str,
    memory: &mut Memory<'_>,
    believes: impl Fn(Option<&Operator>) -> bool,
) -> Result<Known, StoreError> {
    if let Some(asker) = memory.asker(&login, believes) {
        let operator = Some(Arc::clone(&asker.operator));
        return Ok(Known { state: asker.state.clone(), operator, believed: true, used: 0 });
    }
    let asked = (login, month.to_owned());
    let found =
        store.read("admission", asked, |tx, (login, month)| Box::pin(look_up(tx, login, month)));
    let found = found.await?;
    if let Some(operator) = &found.operator {
        let (state, operator) = (found.state.clone(), Arc::clone(operator));
        memory.keep_asker(&Arc::new(Asker { state, operator }));
    }
    Ok(found)
}

async fn look_up(tx: &mut Tx<'_>, login: &str, month: &str) -> Result<Known, StoreError> {
    let state = service::read(tx).await?;
    let operator = operators::find(tx, login).await?;
    let used = match &operator {
        Some(operator) => usage::used(tx, operator.id, month).await?,
        None => 0,
    };
    Ok(Known { state, operator: operator.map(Arc::new), believed: false, used })
}
