//! The columns of a CR CMD, and how a line of it is read.

use ereprov_domain::order::{BuildingKind, Zone};
use ereprov_wire::text;

use crate::inventory::load::{
    header::Columns,
    record::{Mistake, Record},
    rows::ReportRow,
};

/// Longest name of a PM, a position or a cable, in characters.
const TEXT_MAX: usize = 255;
/// Longest colour, in characters.
const COLOUR_MAX: usize = 50;
/// Longest state or code, in characters.
const CODE_MAX: usize = 30;

const STATE: &str = "EtatCrCommandePrise";
const CONTRACT: &str = "ReferencePrestationPrise";
const SOCKET: &str = "ReferencePrise";
const PM: &str = "ReferencePm";
const PBO: &str = "ReferencePBO";
const EXISTING: &str = "PriseExistante";

/// The columns of one of the four routes of a line.
struct Block {
    operator: &'static str,
    module: &'static str,
    position: &'static str,
    cable: &'static str,
    tube: &'static str,
    colour: &'static str,
}

macro_rules! blocks {
    ($($number:literal)*) => {
        static BLOCKS: [Block; 4] = [$(Block {
            operator: concat!("OC ", $number),
            module: concat!("NomModulePm N°", $number),
            position: concat!("PositionModulePm N°", $number),
            cable: concat!("ReferenceCablePBO N°", $number),
            tube: concat!("InformationTubePBO N°", $number),
            colour: concat!("InformationFibrePBO N°", $number),
        }),*];

        /// Those that are read.
        pub(super) static COLUMNS: Columns = Columns {
            read: &[
                CONTRACT, STATE, SOCKET, PM, PBO, EXISTING,
                $(
                    concat!("OC ", $number), concat!("NomModulePm N°", $number),
                    concat!("PositionModulePm N°", $number), concat!("ReferenceCablePBO N°", $number),
                    concat!("InformationTubePBO N°", $number),
                    concat!("InformationFibrePBO N°", $number),
                )*
            ],
            required: &[CONTRACT, STATE, PBO],
            same,
        };

        /// Those of the protocol that nothing here is made of.
        static LEFT: &[&str] = &[
            "ReferenceCommandePriseInterneOC", "ReferencePmTechnique", "LocalisationPm",
            "LocalisationPBO", "CoordonneePBOX", "CoordonneePBOY", "HauteurPBO", "TypeMaterielPBO",
            "TypePBO", "ConditionsSyndic", "TypeRaccoPBPTO", "AutresInfosPBOPTO",
            "CodeAccesImmeuble", "ContactsImmeuble", "PmAccessible", "InfoObtentionCle",
            "CodeAccesSousSol", "CodeLocalPM", "ContactsSyndic", "RaccordementLong",
            "DateCrCommandePrise", "MotifKoCrCommandePrise", "TypeCommandeRetenu",
            $(
                concat!("ReferenceCableModulePm N°", $number),
                concat!("InformationTubeModulePm N°", $number),
                concat!("InformationFibreModulePm N°", $number),
                concat!("ConnecteurPriseNumero N°", $number),
                concat!("ConnecteurPriseCouleur N°", $number), concat!("Reserve", $number),
            )*
        ];
    };
}
blocks! { 1 2 3 4 }

/// Whether a first line is that of a report of orders.
pub(super) fn is_report(names: &[String]) -> bool {
    let has = |column: &str| names.iter().any(|name| same(name) == same(column));
    has(CONTRACT) && has(STATE)
}

/// Whether a column is one of the protocol's.
pub(super) fn is_known(name: &str) -> bool {
    LEFT.iter().any(|known| same(known) == same(name))
}

/// What of a column's name counts: letters and digits. `NomModulePm N°1`, `NomModulePm n1` and
/// `NOMMODULEPM1` are one.
pub(super) fn same(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_lowercase();
    let (stem, number) =
        letters.split_at(letters.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    // "n1" as in "N°1"; no column's name ends in n before its number otherwise.
    match stem.strip_suffix('n') {
        Some(stem) if !number.is_empty() => format!("{stem}{number}"),
        _ => letters,
    }
}

/// What a line's file says for all of its lines.
pub(super) struct File<'f> {
    /// The login of the operator that it is for.
    pub(super) login: &'f str,
    /// The codes by which that operator stands in the blocks.
    pub(super) codes: &'f [String],
    pub(super) zone: Option<Zone>,
    pub(super) building_kind: Option<BuildingKind>,
}

/// Reads a line; `None`: it refuses an order that has no contract.
pub(super) fn read(record: &Record<'_>, file: &File<'_>) -> Result<Option<ReportRow>, Mistake> {
    let reference_max = text::length_of("referenceContrat");
    let state = record.required(STATE, CODE_MAX)?;
    let accepted = match state.to_ascii_uppercase().as_str() {
        "OK" => true,
        "KO" => false,
        _ => return Err(record.mistake(STATE, &state, "OK or KO")),
    };
    if !accepted && record.optional(CONTRACT, reference_max)?.is_none() {
        return Ok(None);
    }
    let mut row = ReportRow {
        reference: record.required(CONTRACT, reference_max)?,
        operator: file.login.to_owned(),
        accepted,
        pto: None,
        pbo: None,
        pm: None,
        pm_position: None,
        cable: None,
        tube: None,
        colour: None,
        existing_socket: None,
        zone: file.zone,
        building_kind: file.building_kind,
    };
    if !accepted {
        return Ok(Some(row));
    }
    row.pto = record.optional(SOCKET, reference_max)?;
    row.pbo = record.optional(PBO, reference_max)?;
    row.pm = record.optional(PM, TEXT_MAX)?;
    row.existing_socket = existing(record)?;
    match block(record, file)? {
        Some(block) => {
            row.pm_position = position(record, block)?;
            row.cable = record.optional(block.cable, TEXT_MAX)?;
            row.tube = record.optional(block.tube, COLOUR_MAX)?;
            row.colour = record.optional(block.colour, COLOUR_MAX)?;
            if row.pbo.is_none() && row.pto.is_none() {
                let reason = "missing: a route is looked up at its PBO or by its socket";
                return Err(record.mistake(PBO, "", reason));
            }
        }
        None if row.pbo.is_none() => {
            let reason = "missing: an order without a fibre has a PBO";
            return Err(record.mistake(PBO, "", reason));
        }
        None => {}
    }
    Ok(Some(row))
}

/// The block that is the contract's: the only one that is filled in, or the only one of its operator.
fn block(record: &Record<'_>, file: &File<'_>) -> Result<Option<&'static Block>, Mistake> {
    let mut filled = Vec::new();
    let mut own = Vec::new();
    for block in &BLOCKS {
        let values = [block.module, block.position, block.tube, block.colour];
        let mut is_filled = false;
        for column in values {
            is_filled |= record.optional(column, TEXT_MAX)?.is_some();
        }
        if !is_filled {
            continue;
        }
        filled.push(block);
        let operator = record.optional(block.operator, CODE_MAX)?.unwrap_or_default();
        if file.codes.iter().any(|code| code.eq_ignore_ascii_case(&operator)) {
            own.push(block);
        }
    }
    match (&*filled, &*own) {
        ([], _) => Ok(None),
        ([only], _) | (_, [only]) => Ok(Some(*only)),
        _ => {
            let value = record.optional(BLOCKS[0].operator, CODE_MAX)?.unwrap_or_default();
            let reason = format!(
                "{} routes are filled in, and {} of them have {} for their OC; one must have it",
                filled.len(),
                own.len(),
                file.codes.join(" or ")
            );
            Err(record.mistake(BLOCKS[0].operator, &value, reason))
        }
    }
}

/// Module and position, as a position is written here.
fn position(record: &Record<'_>, block: &Block) -> Result<Option<String>, Mistake> {
    let module = record.optional(block.module, TEXT_MAX)?;
    let position = record.optional(block.position, TEXT_MAX)?;
    Ok(match (module, position) {
        (Some(module), Some(position)) => Some(format!("{module} - {position}")),
        (module, position) => module.or(position),
    })
}

fn existing(record: &Record<'_>) -> Result<Option<bool>, Mistake> {
    match record.optional(EXISTING, CODE_MAX)?.as_deref() {
        None => Ok(None),
        Some("O" | "OUI" | "o" | "oui" | "Oui") => Ok(Some(true)),
        Some("N" | "NON" | "n" | "non" | "Non") => Ok(Some(false)),
        Some(other) => Err(record.mistake(EXISTING, other, "O or N")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_however_they_are_written() {
        for name in ["NomModulePm N°1", "NomModulePm n 1", "nommodulepm1", "NomModulePm N\u{c2}°1"]
        {
            assert_eq!(same(name), "nommodulepm1", "{name}");
        }
        assert_eq!(same("OC 4"), "oc4");
        assert_eq!(same("Reserve10"), "reserve10");
        assert!(is_known("Pmaccessible") && is_known("reserve3"));
        assert!(!is_known("Prix"));
        // No two columns are taken for each other.
        let all: Vec<_> = COLUMNS.read.iter().chain(LEFT).map(|name| same(name)).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
