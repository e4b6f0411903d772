//! What templates get of the flow's things.

use minijinja::{Value, context};

use crate::flow::{Chip, Offer, Way};

/// A chip.
pub(super) fn chip(chip: &Chip) -> Value {
    context! {
        nom => chip.name.clone(),
        classe => chip.class,
        position => chip.position,
        sur => chip.of,
        bagues => chip.rings,
        dit => chip.spoken.clone(),
    }
}

/// A fibre.
pub(super) fn offer(offer: &Offer) -> Value {
    context! {
        fibre => offer.fibre.clone(),
        prise => offer.pto.clone(),
        pbo => offer.pbo.clone(),
        lieu => offer.location.clone(),
        cable => offer.cable.clone(),
        tube => chip(&offer.tube),
        couleur => chip(&offer.colour),
        construction => offer.construction.clone(),
        utilisation => offer.usage.clone(),
        refus => offer.refused,
    }
}

/// Hidden fields.
pub(super) fn fields(way: &Way, without: &[&str]) -> Value {
    let all = way.fields(without);
    all.into_iter().map(|(name, value)| context! { nom => name, valeur => value }).collect()
}
