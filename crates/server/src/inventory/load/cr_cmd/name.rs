//! How files of the access protocol are called: who sends what to whom, in which version, on which day.

/// What a name that follows the convention looks like.
pub(super) const EXPECTED: &str = "OI_OC_ACCES_CRCMD_V13_20261123_01.csv";

/// Versions of the protocol whose columns are known.
const VERSIONS: [&str; 2] = ["V12", "V13"];
/// What a report of orders is called.
const OPERATIONS: [&str; 2] = ["CRCMD", "CRACCES"];

/// What a file's name says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The Interop code of the operator that it is for.
    pub(super) oc: Option<String>,
    /// The day it was made on, such as 2026-11-23.
    pub(super) day: Option<String>,
    /// What of it does not follow the convention.
    pub(super) wrong: Vec<String>,
}

/// Reads a file's name: parts between `_`, of which the two before `ACCES` are the codes of OI and OC, and
/// the operation, the version and the day stand wherever they do.
pub(super) fn read(file: &str) -> Name {
    let stem = file.split('.').next().unwrap_or(file).to_ascii_uppercase();
    let parts: Vec<_> = stem.split('_').collect();
    let mut name = Name::default();
    let protocol = parts.iter().position(|part| *part == "ACCES");
    match protocol.and_then(|at| parts[..at].last_chunk::<2>()) {
        Some([oi, oc]) if is_code(oi) && is_code(oc) => name.oc = Some((*oc).to_owned()),
        Some([oi, oc]) => {
            name.wrong.push(format!("{oi} and {oc} are not two operators' codes of 4 characters"));
        }
        None => name.wrong.push("the codes of OI and OC before ACCES are missing".to_owned()),
    }
    if !parts.iter().any(|part| OPERATIONS.contains(part)) {
        name.wrong.push(format!("{} is missing", OPERATIONS.join(" or ")));
    }
    match parts.iter().find(|part| is_version(part)) {
        Some(version) if VERSIONS.contains(version) => {}
        Some(version) => name.wrong.push(format!("{version} is none of {}", VERSIONS.join(", "))),
        None => name.wrong.push(format!("the version is missing ({})", VERSIONS.join(", "))),
    }
    let Some(at) = parts.iter().position(|part| part.len() == 8 && is_number(part)) else {
        name.wrong.push("the day is missing (20261123)".to_owned());
        return name;
    };
    let (year, rest) = parts[at].split_at(4);
    let day = format!("{year}-{}-{}", &rest[..2], &rest[2..]);
    match crate::calendar::parse(&day) {
        Some(_) => name.day = Some(day),
        None => name.wrong.push(format!("{} is no day", parts[at])),
    }
    match parts.get(at + 1) {
        Some(sequence) if is_number(sequence) => {}
        Some(other) => name.wrong.push(format!("{other} is no number of the day")),
        None => name.wrong.push("the number of the day is missing (01)".to_owned()),
    }
    name
}

fn is_code(part: &str) -> bool {
    part.len() == 4
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && part.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('V').is_some_and(|digits| digits.len() == 2 && is_number(digits))
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_for_whom_it_is_and_of_which_day() {
        for file in [
            EXPECTED.replace("OI_OC", "FIBA_SFRA").as_str(),
            "CRACCES_17_FIBA_SFRA_ACCES_17_CRACCES_V12_20261123_01.csv.gz",
            "fiba_sfra_acces_crcmd_v13_20261123_0042.csv",
        ] {
            let name = read(file);
            assert_eq!(name.wrong, Vec::<String>::new(), "{file}");
            assert_eq!(name.oc.as_deref(), Some("SFRA"));
            assert_eq!(name.day.as_deref(), Some("2026-11-23"));
        }
    }

    #[test]
    fn what_does_not_follow_the_convention_is_told_part_by_part() {
        let wrong = |file| read(file).wrong.join("; ");
        assert_eq!(wrong("FIBA_SFRA_ACCES_CRCMD_V13_20261123.csv").matches("; ").count(), 0);
        assert!(wrong("FIBA_SFRA_ACCES_CMD_V13_20261123_01.csv").starts_with("CRCMD or CRACCES"));
        assert!(wrong("FIBA_SFRA_ACCES_CRCMD_V20_20261123_01.csv").starts_with("V20 is none of"));
        assert!(
            wrong("FIBA_SFRA_ACCES_CRCMD_V13_20261323_01.csv").starts_with("20261323 is no day")
        );
        assert!(wrong("2_SFR_ACCES_CRCMD_V13_20261123_01.csv").starts_with("2 and SFR are not"));
        let none = read("export.csv");
        assert_eq!((none.oc, none.day, none.wrong.len()), (None, None, 4));
    }
}
