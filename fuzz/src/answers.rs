//! Answers by chance, each with the document that the tables of §3 make of it.

use ereprov_wire::{
    code_erreur::CodeErreur,
    entete::Ko,
    envelope::Answer,
    etat::{Etat, InformationConstruction, InformationUtilisation},
    get_reprovisionning::{Route, Suivi},
    get_ro_site::{Fibre, Pbo, RoSite},
    get_site_structure::{Batiment, Escalier, Etage, Pto, Site},
    put_reprovisionning::{ContratReprovisionne, FibreDemandee, Pm},
};
use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::tree::Element;

/// An answer of the method of this number, from 0 in the order of §3.1, and what stands after its
/// `enteteResponse`.
///
/// # Errors
/// Chance has run out.
pub fn answer(u: &mut Unstructured<'_>, method: usize) -> Result<(Answer, Vec<Element>)> {
    Ok(match method {
        0 => {
            let (site, element) = site(u)?;
            (Answer::Site(site), vec![element])
        }
        1 => {
            let (pbos, elements) = several(u, pbo)?;
            (Answer::RoSite(RoSite { pbos }), elements)
        }
        2 => {
            let (contract, element) = contract(u)?;
            (Answer::Contrat(contract), vec![element])
        }
        _ => {
            let (follow_up, element) = follow_up(u)?;
            (Answer::Suivi(follow_up), vec![element])
        }
    })
}

/// A refusal, and its `enteteResponse`.
///
/// # Errors
/// Chance has run out.
pub fn refusal(u: &mut Unstructured<'_>) -> Result<(Ko, Element)> {
    let code = *u.choose(CodeErreur::ALL)?;
    let ko = Ko { code, libelle: text(u)? };
    let told = Element::plain("enteteResponse")
        .holding(Element::plain("statut").saying("KO"))
        .holding(Element::plain("codeErreur").saying(&code.number().to_string()))
        .holding(Element::plain("libelleErreur").saying(&as_written(&ko.libelle)));
    Ok((ko, told))
}

/// A text of any characters.
///
/// # Errors
/// Chance has run out.
pub fn text(u: &mut Unstructured<'_>) -> Result<String> {
    u.arbitrary()
}

/// What XML can carry of a text: what it has no way to write is replaced (production 2).
pub fn as_written(text: &str) -> String {
    let is_written = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
            || c > '\u{ffff}'
    };
    text.chars().map(|c| if is_written(c) { c } else { '\u{fffd}' }).collect()
}

fn site(u: &mut Unstructured<'_>) -> Result<(Site, Element)> {
    let reference = text(u)?;
    let (batiments, inside) = several(u, batiment)?;
    let element = referenced("site", &reference, inside);
    Ok((Site { reference, batiments }, element))
}

fn batiment(u: &mut Unstructured<'_>) -> Result<(Batiment, Element)> {
    let reference = text(u)?;
    let (escaliers, inside) = several(u, escalier)?;
    let element = referenced("batiment", &reference, inside);
    Ok((Batiment { reference, escaliers }, element))
}

fn escalier(u: &mut Unstructured<'_>) -> Result<(Escalier, Element)> {
    let reference = text(u)?;
    let (etages, inside) = several(u, etage)?;
    let element = referenced("escalier", &reference, inside);
    Ok((Escalier { reference, etages }, element))
}

fn etage(u: &mut Unstructured<'_>) -> Result<(Etage, Element)> {
    let reference = text(u)?;
    let (pbos, mut inside) = several(u, |u| {
        let pbo = text(u)?;
        let element = referenced("pbo", &pbo, Vec::new());
        Ok((pbo, element))
    })?;
    let (ptos, sockets) = several(u, pto)?;
    inside.extend(sockets);
    let element = referenced("etage", &reference, inside);
    Ok((Etage { reference, pbos, ptos }, element))
}

fn pto(u: &mut Unstructured<'_>) -> Result<(Pto, Element)> {
    let reference = text(u)?;
    let construction = *u.choose(InformationConstruction::ALL)?;
    let utilisation = *u.choose(InformationUtilisation::ALL)?;
    let element = referenced("pto", &reference, Vec::new())
        .with("informationConstruction", construction.label())
        .with("informationUtilisation", utilisation.label());
    let (construction, utilisation) = (construction.into(), utilisation.into());
    Ok((Pto { reference, construction, utilisation }, element))
}

fn pbo(u: &mut Unstructured<'_>) -> Result<(Pbo, Element)> {
    let (reference, localisation) = (text(u)?, text(u)?);
    let (fibres, inside) = several(u, fibre)?;
    let element = referenced("pbo", &reference, inside);
    let element = element.with("localisation", &as_written(&localisation));
    Ok((Pbo { reference, localisation, fibres }, element))
}

fn fibre(u: &mut Unstructured<'_>) -> Result<(Fibre, Element)> {
    let reference = text(u)?;
    let reference_pto = u.arbitrary::<bool>()?.then(|| text(u)).transpose()?;
    let [cable, tube, fibre] = [text(u)?, text(u)?, text(u)?];
    let construction = *u.choose(InformationConstruction::ALL)?;
    let utilisation = *u.choose(InformationUtilisation::ALL)?;
    let element = fibre_element(&reference, reference_pto.as_deref(), [&cable, &tube, &fibre])
        .with("informationConstruction", construction.label())
        .with("informationUtilisation", utilisation.label());
    let (construction, utilisation) = (construction.into(), utilisation.into());
    let fibre = Fibre { reference, reference_pto, cable, tube, fibre, construction, utilisation };
    Ok((fibre, element))
}

fn contract(u: &mut Unstructured<'_>) -> Result<(ContratReprovisionne, Element)> {
    let (reference, code_decharge) = (text(u)?, text(u)?);
    let (pm, pm_element) = pm(u)?;
    let fibre = FibreDemandee {
        reference: text(u)?,
        reference_pto: u.arbitrary::<bool>()?.then(|| text(u)).transpose()?,
    };
    let code = Element::plain("codeDecharge").saying(&as_written(&code_decharge));
    let asked =
        with_pto(referenced("fibre", &fibre.reference, Vec::new()), fibre.reference_pto.as_deref());
    let element = referenced("contrat", &reference, vec![code, pm_element, asked]);
    let (code_decharge, pm, fibre) = (Some(code_decharge), Some(pm), Some(fibre));
    Ok((ContratReprovisionne { reference, code_decharge, pm, fibre }, element))
}

fn follow_up(u: &mut Unstructured<'_>) -> Result<(Suivi, Element)> {
    let reference = text(u)?;
    let statut = *u.choose(Etat::ALL)?;
    let state = Element::plain("reprovisionning").with("statut", statut.label());
    let mut inside = vec![state];
    let mut route = None;
    if u.arbitrary()? {
        let (pm, pm_element) = pm(u)?;
        let (reference, tube) = (text(u)?, text(u)?);
        let reference_pto = u.arbitrary::<bool>()?.then(|| text(u)).transpose()?;
        let (cable, fibre) = (text(u)?, text(u)?);
        inside.push(pm_element);
        let told = [&cable, &tube, &fibre].map(String::as_str);
        inside.push(fibre_element(&reference, reference_pto.as_deref(), told));
        let pm = Some(pm);
        route = Some(Route { pm, reference, reference_pto, cable, tube, fibre });
    }
    let element = referenced("contrat", &reference, inside);
    Ok((Suivi { reference, statut: statut.into(), route }, element))
}

fn pm(u: &mut Unstructured<'_>) -> Result<(Pm, Element)> {
    let (reference, position) = (text(u)?, text(u)?);
    let element = referenced("pm", &reference, Vec::new()).with("position", &as_written(&position));
    Ok((Pm { reference, position }, element))
}

fn fibre_element(reference: &str, pto: Option<&str>, told: [&str; 3]) -> Element {
    let names = ["informationCable", "informationTube", "informationFibre"];
    let element = with_pto(referenced("fibre", reference, Vec::new()), pto);
    names.into_iter().zip(told).fold(element, |e, (name, value)| e.with(name, &as_written(value)))
}

fn with_pto(element: Element, pto: Option<&str>) -> Element {
    match pto {
        Some(pto) => element.with("referencePTO", &as_written(pto)),
        None => element,
    }
}

fn referenced(name: &str, reference: &str, inside: Vec<Element>) -> Element {
    let element = Element::plain(name).with("reference", &as_written(reference));
    inside.into_iter().fold(element, Element::holding)
}

/// Up to three of something.
fn several<T>(
    u: &mut Unstructured<'_>,
    mut one: impl FnMut(&mut Unstructured<'_>) -> Result<(T, Element)>,
) -> Result<(Vec<T>, Vec<Element>)> {
    (0..u.int_in_range(0..=3)?).map(|_| one(u)).collect()
}
