//! §3.3 getRoSite: French in, English through, French out.

use ereprov_domain::{
    Refusal,
    refs::{ContractRef, PboRef, Place},
};
use ereprov_wire::get_ro_site::{Fibre, GetRoSite, Pbo, RoSite};

use super::words;
use crate::{
    inventory::routes::{Ask, routes},
    reprovisioning::request::settled,
    store::{Store, StoreError, sites::PboFibre},
};

/// Answers a question.
pub(super) async fn answer(
    store: &Store,
    operator_id: i64,
    question: &GetRoSite,
) -> Result<Result<RoSite, Refusal>, StoreError> {
    let place = question.lieu.as_ref().map(|lieu| Place {
        building: lieu.reference_batiment.clone(),
        staircase: lieu.reference_escalier.clone(),
        floor: lieu.reference_etage.clone(),
    });
    let ask = Ask {
        operator_id,
        contract: ContractRef::new(question.reference_contrat.as_str()),
        place,
        pbo: question.reference_pbo.as_deref().map(PboRef::new),
    };
    let found = store
        .read("getRoSite", ask, |tx, ask| Box::pin(async move { settled(routes(tx, ask).await) }));
    Ok(found.await?.map(by_pbo))
}

/// One `pbo` element for each PBO, in the order of the inventory (contract.md, D18).
fn by_pbo(fibres: Vec<PboFibre>) -> RoSite {
    let mut pbos: Vec<(i64, Pbo)> = Vec::new();
    for fibre in fibres {
        if pbos.last().is_none_or(|(id, _)| *id != fibre.pbo_id) {
            let pbo =
                Pbo { reference: fibre.pbo, localisation: fibre.location, fibres: Vec::new() };
            pbos.push((fibre.pbo_id, pbo));
        }
        let (_, pbo) = pbos.last_mut().expect("one was pushed if there was none");
        pbo.fibres.push(Fibre {
            reference: fibre.reference,
            reference_pto: fibre.pto,
            cable: fibre.cable,
            tube: fibre.tube,
            fibre: fibre.colour,
            construction: words::construction(fibre.construction).into(),
            utilisation: words::usage(fibre.usage).into(),
        });
    }
    RoSite { pbos: pbos.into_iter().map(|(_, pbo)| pbo).collect() }
}
