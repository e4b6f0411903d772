//! Words of the contract, written down here once more.

/// The namespace of the service.
pub const SERVICE: &str = "http://sfr.fr/hermes/eReprov/";
/// The namespace of a SOAP 1.1 envelope.
pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of a SOAP 1.2 envelope.
pub const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// The four methods.
pub const METHODS: [&str; 4] =
    ["getSiteStructure", "getRoSite", "putReprovisionning", "getReprovisionning"];

/// The codes of §4 that a question may get from a service that is well.
pub const CODES: [&str; 20] = [
    "-1", "10000", "20000", "20001", "20002", "20005", "20006", "20007", "20008", "20009", "20010",
    "20011", "20012", "20014", "20015", "20016", "20018", "20019", "20020", "20021",
];

/// The longest value of a question's field, in characters (tables 3.2.1 to 3.5.1).
pub fn length_of(field: &str) -> usize {
    if matches!(field, "referenceFibre" | "motif") { 255 } else { 30 }
}

/// The characters of §2.5: printable ISO/IEC 8859-1, without the soft hyphen.
pub fn is_printable(c: char) -> bool {
    let code = u32::from(c);
    (0x20..0x7f).contains(&code) || (0xa1..=0xff).contains(&code) && code != 0xad
}

/// Whether a value keeps §2.5 and its length.
pub fn fits(value: &str, length_max: usize) -> bool {
    value.chars().all(is_printable) && value.chars().count() <= length_max
}
