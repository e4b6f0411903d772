//! §3.5 getReprovisionning: French in, English through, French out.

use ereprov_domain::{Refusal, refs::ContractRef};
use ereprov_wire::{
    get_reprovisionning::{GetReprovisionning, Route, Suivi},
    put_reprovisionning::Pm,
};

use super::words;
use crate::{
    reprovisioning::{
        request::settled,
        status::{Ask, Status, status},
    },
    store::{Store, StoreError},
};

/// Answers a question.
pub(super) async fn answer(
    store: &Store,
    operator_id: i64,
    question: &GetReprovisionning,
) -> Result<Result<Suivi, Refusal>, StoreError> {
    let contract = ContractRef::new(question.reference_contrat.as_str());
    let found = store.read("getReprovisionning", Ask { operator_id, contract }, |tx, ask| {
        Box::pin(async move { settled(status(tx, ask).await) })
    });
    Ok(found.await?.map(|status| follow_up(&question.reference_contrat, status)))
}

fn follow_up(reference_contrat: &str, status: Status) -> Suivi {
    let route = status.route.map(|(fibre, pto)| Route {
        pm: Some(Pm { reference: fibre.pm_ref, position: fibre.pm_position }),
        reference: fibre.reference,
        reference_pto: pto,
        cable: fibre.cable,
        tube: fibre.tube,
        fibre: fibre.colour,
    });
    Suivi {
        reference: reference_contrat.to_owned(),
        statut: words::state(status.state).into(),
        route,
    }
}
