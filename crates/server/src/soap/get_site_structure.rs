//! §3.2 getSiteStructure: French in, English through, French out.

use ereprov_domain::{Refusal, refs::ContractRef};
use ereprov_wire::get_site_structure::{Batiment, Escalier, Etage, GetSiteStructure, Pto, Site};

use super::words;
use crate::{
    inventory::structure::{Ask, Structure, structure},
    reprovisioning::request::settled,
    store::{Store, StoreError},
};

/// Answers a question.
pub(super) async fn answer(
    store: &Store,
    operator_id: i64,
    question: &GetSiteStructure,
) -> Result<Result<Site, Refusal>, StoreError> {
    let contract = ContractRef::new(question.reference_contrat.as_str());
    let found = store.read("getSiteStructure", Ask { operator_id, contract }, |tx, ask| {
        Box::pin(async move { settled(structure(tx, ask).await) })
    });
    Ok(found.await?.map(site))
}

/// The site as the wire shows it: buildings and staircases in the order in which they first appear.
fn site(structure: Structure) -> Site {
    let mut site = Site { reference: structure.site, batiments: Vec::new() };
    for floor in structure.floors {
        let at = site.batiments.iter().position(|b| b.reference == floor.building);
        let at = at.unwrap_or_else(|| {
            let reference = floor.building.clone();
            site.batiments.push(Batiment { reference, escaliers: Vec::new() });
            site.batiments.len() - 1
        });
        let staircases = &mut site.batiments[at].escaliers;
        let at = staircases.iter().position(|e| e.reference == floor.staircase);
        let at = at.unwrap_or_else(|| {
            let reference = floor.staircase.clone();
            staircases.push(Escalier { reference, etages: Vec::new() });
            staircases.len() - 1
        });
        let ptos = floor.ptos.into_iter().map(|pto| Pto {
            reference: pto.reference,
            construction: words::construction(pto.construction).into(),
            utilisation: words::usage(pto.usage).into(),
        });
        staircases[at].etages.push(Etage {
            reference: floor.floor,
            pbos: floor.pbos,
            ptos: ptos.collect(),
        });
    }
    site
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::structure::StructureFloor;

    #[test]
    fn floors_of_one_staircase_come_together_in_the_order_of_the_inventory() {
        let floor = |building: &str, staircase: &str, floor: &str| StructureFloor {
            building: building.into(),
            staircase: staircase.into(),
            floor: floor.into(),
            pbos: vec![],
            ptos: vec![],
        };
        let floors = vec![
            floor("B2", "E1", "06"),
            floor("B1", "E1", "01"),
            floor("B2", "E2", "00"),
            floor("B2", "E1", "03"),
        ];
        let site = site(Structure { site: "S".into(), floors });
        let shape: Vec<String> = site
            .batiments
            .iter()
            .flat_map(|b| b.escaliers.iter().map(move |e| (b, e)))
            .flat_map(|(b, e)| {
                e.etages
                    .iter()
                    .map(move |f| format!("{}/{}/{}", b.reference, e.reference, f.reference))
            })
            .collect();
        assert_eq!(shape, ["B2/E1/06", "B2/E1/03", "B2/E2/00", "B1/E1/01"]);
    }
}
