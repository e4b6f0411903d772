//! The WSDL and XSD, files of the repository, served with the configured address (D3).

/// The schema of the four methods.
pub const SCHEMA: &str = include_str!("../../../wsdl/eReprov.xsd");

const WSDL_11: &str = include_str!("../../../wsdl/eReprov.wsdl");
const WSDL_12: &str = include_str!("../../../wsdl/eReprov-soap12.wsdl");

/// The address that stands in the files.
const ADDRESS_IN_FILES: &str = "http://127.0.0.1:8080/hermesDeploiement/eReprov/2.0";

use crate::envelope::SoapVersion;

/// The WSDL with one port of this version of SOAP at this address.
pub fn with_address(version: SoapVersion, address: &str) -> String {
    let file = match version {
        SoapVersion::V11 => WSDL_11,
        SoapVersion::V12 => WSDL_12,
    };
    let mut escaped = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    file.replace(ADDRESS_IN_FILES, &escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const XS: &str = "http://www.w3.org/2001/XMLSchema";

    #[test]
    fn both_documents_carry_the_configured_address_and_the_same_schema() {
        for version in [SoapVersion::V11, SoapVersion::V12] {
            let text = with_address(version, "https://oi.example/a?b=1&c=2");
            let document = roxmltree::Document::parse(&text).unwrap();
            let addresses: Vec<_> = document
                .descendants()
                .filter(|node| node.tag_name().name() == "address")
                .map(|node| node.attribute("location"))
                .collect();
            assert_eq!(addresses, [Some("https://oi.example/a?b=1&c=2")]);
            assert!(!text.contains("127.0.0.1"));
            assert_eq!(inline_schema(&text), inline_schema(SCHEMA), "{version:?}");
        }
    }

    #[test]
    fn the_schema_has_the_lengths_of_the_table() {
        let schema = roxmltree::Document::parse(SCHEMA).unwrap();
        for (field, length) in crate::text::LENGTHS {
            let elements = schema.descendants().filter(|node| node.has_tag_name((XS, "element")));
            for element in elements.filter(|node| node.attribute("name") == Some(field)) {
                let kind = element.attribute("type").unwrap();
                if let Some(texte) = kind.strip_prefix("tns:texte") {
                    assert_eq!(texte.parse(), Ok(*length), "{field}");
                }
            }
        }
    }

    /// The lines of the schema element, without their indentation.
    fn inline_schema(text: &str) -> Vec<&str> {
        let lines = text.lines().map(str::trim);
        let from = lines.skip_while(|line| !line.starts_with("<xs:element"));
        from.take_while(|line| !line.starts_with("</xs:schema")).collect()
    }
}
