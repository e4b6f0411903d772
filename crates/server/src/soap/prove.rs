//! Whether who asks is who it says: password or digest, from where it may ask, with the certificate
//! that it needs (contract.md, D20).

use super::{answer::Refused, endpoint::Call};
use crate::{
    admission::{
        credentials::LoginProblem,
        digest::{Claimed, DigestClaim, Digests, NONCES_MAX},
        verify::{Asking, Unverified},
    },
    service::Service,
    store::{
        Store,
        nonces::{self, Spent},
        operators::Operator,
    },
};

/// Proves that a claim is the known operator's. Whatever is wrong with it, a caller that has no right
/// digest gets the same answer after the same work.
pub(super) async fn prove(
    service: &Service,
    store: &Store,
    call: &Call,
    claim: &Claimed,
    known: Option<&Operator>,
) -> Result<(), Refused> {
    let Call { address, at_ms, certificate, .. } = *call;
    let asking = Asking { address, at_ms, certificate };
    let credentials = &service.credentials;
    let verified = match (claim, &service.digests) {
        (Claimed::Password(claim), _) => credentials.verify(claim, known, asking).await,
        (Claimed::Digest(claim), Some(digests)) => {
            credentials.verify_digest(digests, claim, known, asking)
        }
        (Claimed::Digest(_), None) => return Err(Refused::Bug),
    };
    let operator = verified.map_err(|unverified| match unverified {
        Unverified::Login(problem) => Refused::Login(problem),
        Unverified::Busy => Refused::Overloaded,
    })?;
    if let (Claimed::Digest(claim), Some(digests)) = (claim, &service.digests) {
        spend(digests, store, at_ms, claim, operator).await?;
    }
    Ok(())
}

/// A digest is good for one request, whatever comes of it. Only what was verified is remembered: a
/// stranger fills no table.
async fn spend(
    digests: &Digests,
    store: &Store,
    now_ms: i64,
    claim: &DigestClaim,
    operator: &Operator,
) -> Result<(), Refused> {
    let nonce = (digests.nonce(claim, operator.id), now_ms);
    let spent = store.write("login.nonce", nonce, |tx, (nonce, now_ms)| {
        Box::pin(nonces::spend(tx, nonce, *now_ms, NONCES_MAX))
    });
    match spent.await.map_err(Refused::Store)? {
        Spent::Now => Ok(()),
        Spent::Before => {
            Err(Refused::Login(LoginProblem::Replayed { known: operator.login.clone() }))
        }
        Spent::TooMany => Err(Refused::Overloaded),
    }
}
