//! What there is to tell, gathered when it happens and in the same transaction: later it may no longer
//! be what is there.

use ereprov_domain::reprovisioning::State;
use serde::{Deserialize, Serialize};

use crate::{
    calendar,
    soap::words,
    store::{
        StoreError, Tx, fibres,
        notifications::{self, New},
        notify_targets,
        reprovisionings::Reprovisioning,
    },
};

/// What became of a re-provisioning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The re-provisioning: the same in each repetition.
    pub id: String,
    /// The login of the operator that is told.
    pub operator: String,
    /// Its contract (`ReferencePrestationPrise`).
    pub contract: String,
    /// The contract's how-manieth re-provisioning it is, from 1.
    pub number: i64,
    /// How it ended: `completed`, `cancelled` or `failed`.
    pub state: String,
    /// The same, as the four methods say it.
    pub statut: String,
    /// The discharge code.
    pub discharge_code: String,
    /// Why it was asked for, as table 3.4.1 says it.
    pub motif: String,
    /// Whether the socket stayed.
    pub keep_pto: bool,
    /// When it was accepted and when it ended, such as `2026-11-23T14:05:09+01:00`.
    pub accepted: String,
    /// See `accepted`.
    pub ended: String,
    /// The fibre that was asked for.
    pub asked_fibre: String,
    /// The route that the line has now; none, where it did not move.
    pub route: Option<Route>,
    /// The route that it had.
    pub old_route: Option<Route>,
}

/// A route, from its PM to its socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The fibre.
    pub fibre: String,
    /// The socket that it serves.
    pub pto: Option<String>,
    /// The PM.
    pub pm: String,
    /// The position there.
    pub pm_position: String,
    /// Where its PBO is.
    pub site: String,
    /// See `site`.
    pub building: String,
    /// See `site`.
    pub staircase: String,
    /// See `site`.
    pub floor: String,
    /// Its PBO.
    pub pbo: String,
    /// Where that is, in words.
    pub location: String,
    /// Cable, in words.
    pub cable: String,
    /// Colour of the tube.
    pub tube: String,
    /// Colour of the fibre.
    pub colour: String,
}

/// Puts into the outbox that a re-provisioning has ended, for every way in which its operator wants
/// to know of such an end; after everything that follows from the end has been written.
///
/// # Errors
/// The database's; the end is not kept then, either.
pub async fn tell(
    tx: &mut Tx<'_>,
    job: &Reprovisioning,
    state: State,
    now_ms: i64,
) -> Result<(), StoreError> {
    let completed = state == State::Completed;
    let channels = notify_targets::wanted(tx, job.operator_id, completed).await?;
    if channels.is_empty() {
        return Ok(());
    }
    let facts = Facts {
        id: job.id.clone(),
        operator: job.operator_login.clone(),
        contract: job.contract_ref.clone(),
        number: job.number,
        state: state.as_str().to_owned(),
        statut: words::state(state).label().to_owned(),
        discharge_code: job.discharge_code.clone(),
        motif: words::motif(job.reason).label().to_owned(),
        keep_pto: job.keep_pto,
        accepted: calendar::iso(job.accepted_ms),
        ended: calendar::iso(now_ms),
        asked_fibre: job.fibre_ref.clone(),
        route: if completed { route(tx, job.fibre_id).await? } else { None },
        old_route: match job.old_fibre_id {
            // Its socket may have gone to the new route: what serves what by now is not told here.
            Some(old) => route(tx, old).await?.map(|old| Route { pto: None, ..old }),
            None => None,
        },
    };
    let text = serde_json::to_string(&facts)
        .map_err(|error| StoreError::Bug(format!("facts that are no JSON: {error}")))?;
    for channel in channels {
        let new = New {
            reprovisioning_id: &job.id,
            channel,
            operator_id: job.operator_id,
            contract_id: job.contract_id,
            number: job.number,
            facts: &text,
            now_ms,
        };
        notifications::insert(tx, &new).await?;
    }
    Ok(())
}

async fn route(tx: &mut Tx<'_>, fibre_id: i64) -> Result<Option<Route>, StoreError> {
    let Some(fibre) = fibres::by_id(tx, fibre_id).await? else { return Ok(None) };
    let Some(at) = fibres::whereabouts(tx, fibre_id).await? else { return Ok(None) };
    Ok(Some(Route {
        fibre: fibre.reference,
        pto: fibre.pto.map(|(_, reference)| reference),
        pm: fibre.pm_ref,
        pm_position: fibre.pm_position,
        site: at.site,
        building: at.place.building,
        staircase: at.place.staircase,
        floor: at.place.floor,
        pbo: at.pbo,
        location: at.location,
        cable: fibre.cable,
        tube: fibre.tube,
        colour: fibre.colour,
    }))
}

impl Facts {
    /// What is told to try an address out: sample values under a contract and a state that no
    /// re-provisioning has.
    pub fn test(id: &str, login: &str, now_ms: i64) -> Self {
        Self {
            id: format!("TEST-{id}"),
            operator: login.to_owned(),
            contract: "TEST".to_owned(),
            state: "test".to_owned(),
            discharge_code: "TEST".to_owned(),
            accepted: calendar::iso(now_ms),
            ended: calendar::iso(now_ms),
            ..Self::sample(true)
        }
    }

    /// Facts that every layout must take: with everything that there can be, or with the least.
    pub fn sample(whole: bool) -> Self {
        let text = |text: &str| text.to_owned();
        let route = || Route {
            fibre: text("CTP-1240357-1"),
            pto: Some(text("CTP-1240329-1")),
            pm: text("FI-75056-0423"),
            pm_position: text("Etage 2 - 6"),
            site: text("SC-423361"),
            building: text("BATIMENT-1"),
            staircase: text("ESCALIER-44"),
            floor: text("ETAGE-15"),
            pbo: text("BE-06"),
            location: text("ETAGE-15; gaine \"technique\""),
            cable: text("BPI-723521 / BE-06 / ESCALIER-44 / SC-423361"),
            tube: text("Noir"),
            colour: text("Jaune"),
        };
        Self {
            id: text("019343a4-0000-7000-8000-000000000000"),
            operator: text("oc-demo"),
            contract: text("MUT56816520160316162024"),
            number: 1,
            state: text(if whole { "completed" } else { "failed" }),
            statut: text(if whole { "Terminé" } else { "En échec" }),
            discharge_code: text("6FW6WCUW5YY6"),
            motif: text("Fibre cassée"),
            keep_pto: false,
            accepted: text("2026-11-23T14:05:09+01:00"),
            ended: text("2026-11-23T14:10:09+01:00"),
            asked_fibre: text("CTP-1240357-1"),
            route: whole.then(route),
            old_route: whole.then(|| Route { pto: None, ..route() }),
        }
    }
}
