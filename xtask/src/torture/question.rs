//! Questions as an OC writes them, and what is read of an answer. Values of this network contain
//! nothing that XML would escape, so that looking for a text is reading.

const NAMESPACE: &str = "http://sfr.fr/hermes/eReprov/";

/// The four methods.
pub(super) const METHODS: [&str; 4] =
    ["getSiteStructure", "getRoSite", "putReprovisionning", "getReprovisionning"];

/// A question in its envelope.
pub(crate) fn question(method: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    let fields = fields.concat();
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <e:{method} xmlns:e=\"{NAMESPACE}\">{fields}</e:{method}></s:Body></s:Envelope>"
    )
}

/// The text of the first element of this name.
pub(crate) fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// An attribute of the first element of this name.
pub(super) fn attribute<'a>(body: &'a str, name: &str, attribute: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name} "))?;
    let (start, _) = rest.split_once('>')?;
    let (_, value) = start.split_once(&format!("{attribute}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

/// The marks of operators that stand anywhere in an answer: `OC` and a number.
pub(super) fn marks(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in body.match_indices("OC") {
        let digits: String = body[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        let mark = format!("OC{digits}");
        if !digits.is_empty() && !found.contains(&mark) {
            found.push(mark);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let body = "<S:Body><ns2:putReprovisionningResponse><return><enteteResponse>\
                    <statut>OK</statut></enteteResponse><contrat reference=\"OC1-007\">\
                    <codeDecharge>ABC</codeDecharge><pm reference=\"PM-1\" position=\"3\"/>\
                    <fibre reference=\"FIBRE-1\" referencePTO=\"PTO-1\"/></contrat>";
        assert_eq!(element(body, "statut"), Some("OK"));
        assert_eq!(element(body, "codeErreur"), None);
        assert_eq!(attribute(body, "contrat", "reference"), Some("OC1-007"));
        assert_eq!(attribute(body, "pm", "position"), Some("3"));
        assert_eq!(attribute(body, "fibre", "reference"), Some("FIBRE-1"));
        assert_eq!(marks(body), ["OC1"]);
        assert_eq!(marks("<a>OC12-1 OC12-2</a>OC <b>OC3</b>"), ["OC12", "OC3"]);
    }
}
