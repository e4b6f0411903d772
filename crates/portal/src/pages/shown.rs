//! What templates get of the flow's things.

use minijinja::{Value, context};

use crate::flow::{Chip, Offer, Stand, Way};

/// Where somebody stands in line, whether other programs of the operator's have its places, and in how many
/// seconds that is tried again; none: it is his turn.
pub(super) fn stand(stand: Stand) -> Value {
    let Stand { place: Some(place), others, tries_in, .. } = stand else {
        return Value::UNDEFINED;
    };
    let seconds = tries_in.map(|left| left.as_secs() + u64::from(left.subsec_nanos() > 0));
    context! { place, autres => others, essai => seconds.is_some(), secondes => seconds }
}

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
