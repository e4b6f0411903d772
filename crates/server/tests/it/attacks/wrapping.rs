//! Envelopes of more than one meaning: signatures that are wrapped, bodies that are where none
//! should be, logins that are read twice. The one Body's one element is what is asked, by whoever
//! logs in, whatever else the document holds.

use super::{
    Attack, Challenge, Expected::Ok as Answered, Fault, Ko, Login, V11, V12, VersionMismatch, WSSE,
    attack, in_envelope,
};
use crate::harness::{MUT, NAMESPACE, Put, envelope, get, structure};

const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// WS-Security with a signature over the element that is called `body`.
fn signed(inside: &str, canary: &str) -> String {
    format!(
        "<w:Security xmlns:w=\"{WSSE}\" s:mustUnderstand=\"1\"><ds:Signature \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:Reference \
         URI=\"#body\"><ds:Transforms><ds:Transform \
         Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms>\
         </ds:Reference><ds:Reference URI=\"{canary}\"/></ds:SignedInfo><ds:SignatureValue>eA==\
         </ds:SignatureValue><ds:KeyInfo><ds:RetrievalMethod URI=\"{canary}\"/></ds:KeyInfo>\
         </ds:Signature>{inside}</w:Security>"
    )
}

/// A body that is called `body`, as the signed original is.
fn original() -> String {
    format!("<s:Body xmlns:u=\"{WSU}\" u:Id=\"body\">{}</s:Body>", structure(MUT))
}

#[tokio::test]
async fn signatures_that_are_wrapped() {
    attack(|canary| {
        let url = canary.url();
        let put = Put::new("UNKNOWN", "CTP-1240357-1").body();
        let beside = format!("<x:W xmlns:x=\"urn:x\">{}</x:W>", original());
        let whole = format!("<x:W xmlns:x=\"urn:x\">{}</x:W>", envelope(&structure(MUT)));
        vec![
            Attack::new(
                "the original in a header of its own",
                in_envelope(&format!("{}{beside}", signed("", &url)), &put),
                Ko("20019"),
            ),
            Attack::new(
                "the original inside Security",
                in_envelope(&signed(&beside, &url), &put),
                Ko("20019"),
            ),
            Attack::new(
                "a whole envelope inside Security",
                in_envelope(&signed(&whole, &url), &put),
                Ko("20019"),
            ),
            Attack::new(
                "the original beside the other in one Body",
                in_envelope(&signed("", &url), &format!("{put}{}", structure(MUT))),
                Fault,
            ),
            Attack::new(
                "the original inside the other",
                in_envelope(
                    &signed("", &url),
                    &put.replace("</e:", &format!("{}</e:", original())),
                ),
                Ko("20001"),
            ),
            Attack::new(
                "the wrapper that must be understood",
                in_envelope(&beside.replace("<x:W ", "<x:W s:mustUnderstand=\"1\" "), &put),
                super::MustUnderstand,
            ),
            Attack::new(
                "an honest signature",
                in_envelope(&signed("", &url), &structure(MUT)),
                Answered,
            ),
        ]
    })
    .await;
}

#[tokio::test]
async fn envelopes_of_another_shape() {
    attack(|_| {
        let (ask, honest) = (structure(MUT), envelope(&structure(MUT)));
        let with_parts =
            |parts: &str| format!("<s:Envelope xmlns:s=\"{V11}\">{parts}</s:Envelope>");
        let body = format!("<s:Body>{ask}</s:Body>");
        let other = honest
            .replace("<s:Body>", &format!("<t:Body xmlns:t=\"{V12}\">"))
            .replace("</s:Body>", "</t:Body>");
        let faults = [
            ("two bodies", with_parts(&body.repeat(2))),
            ("a body and an empty one", with_parts(&format!("<s:Body/>{body}"))),
            ("no body", with_parts("<s:Header/>")),
            ("a header behind the body", with_parts(&format!("{body}<s:Header/>"))),
            ("two headers", with_parts(&format!("<s:Header/><s:Header/>{body}"))),
            ("something before the body", with_parts(&format!("<x/>{body}"))),
            ("something behind the body", with_parts(&format!("{body}<x/>"))),
            ("the body in the header", with_parts(&format!("<s:Header>{body}</s:Header>"))),
            ("a body in the body", with_parts(&format!("<s:Body>{body}</s:Body>"))),
            ("an envelope in the body", envelope(&honest)),
            ("a body without namespace", with_parts(&format!("<Body>{ask}</Body>"))),
            ("a body of the other version", other),
            ("two methods", envelope(&format!("{ask}{}", get(MUT)))),
            ("the method twice", envelope(&ask.repeat(2))),
            ("a method in no namespace", envelope("<getSiteStructure/>")),
            ("by https", honest.replace("http://sfr", "https://sfr")),
            ("without the last stroke", honest.replace("eReprov/\"", "eReprov\"")),
            ("with an escaped letter", honest.replace("eReprov/\"", "%65Reprov/\"")),
            ("in capitals", honest.replace("eReprov/\"", "EREPROV/\"")),
            (
                "the answer of a method",
                honest.replace("getSiteStructure", "getSiteStructureResponse"),
            ),
            ("a fault", envelope("<s:Fault><faultcode>s:Client</faultcode></s:Fault>")),
            ("two roots", honest.repeat(2)),
            ("an unbound prefix", honest.replace("xmlns:e=", "xmlns:f=")),
            (
                "the prefix xml bound anew",
                honest.replace("xmlns:e=", "xmlns:xml=\"urn:x\" xmlns:e="),
            ),
            (
                "the prefix xmlns bound",
                honest.replace("xmlns:e=", "xmlns:xmlns=\"urn:x\" xmlns:e="),
            ),
        ];
        let mut attacks: Vec<_> = faults.map(|(name, text)| Attack::new(name, text, Fault)).into();
        for version in ["", "urn:x", "http://www.w3.org/2001/12/soap-envelope"] {
            let text = format!(
                "<s:Envelope xmlns:s=\"{}\"><s:Body/></s:Envelope>",
                if version.is_empty() { "urn:schemas-xmlsoap-org:soap.v1" } else { version }
            );
            attacks.push(Attack::new(version, text, VersionMismatch));
        }
        attacks
    })
    .await;
}

#[tokio::test]
async fn parameters_of_another_shape() {
    attack(|_| {
        let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        let enc = "xmlns:c=\"http://schemas.xmlsoap.org/soap/encoding/\"";
        let one = |attributes: &str, inside: &str| {
            envelope(&format!(
                "<e:getSiteStructure xmlns:e=\"{NAMESPACE}\" {xsi} {enc}>\
                 <referenceContrat {attributes}>{inside}</referenceContrat></e:getSiteStructure>"
            ))
        };
        let honest = envelope(&structure(MUT));
        let more = format!("><referenceContrat>{MUT}</referenceContrat><ref");
        let twice = honest.replace("><ref", &more);
        let loose = honest.replace("<referenceContrat>", "' OR 1=1 <referenceContrat>");
        let wrapper = format!("<e:getSiteStructure xmlns:e=\"{NAMESPACE}\"");
        let attribute = envelope(&format!("{wrapper} referenceContrat=\"{MUT}\"/>"));
        let untrue = "c:arrayType=\"xsd:string[2147483647]\"";
        let items = format!("<item>{MUT}</item>").repeat(300);
        let ko = [
            ("nothing there", one("xsi:nil=\"true\"", MUT)),
            ("nothing there, by number", one("xsi:nil=\"1\"", "")),
            ("bytes", one("xsi:type=\"xsd:base64Binary\"", "TVVU")),
            ("an array", one("c:arrayType=\"xsd:string[300]\"", &items)),
            ("an array of arrays", one("c:arrayType=\"xsd:string[,][2]\"", "<i><i>a</i></i>")),
            ("an element", one("", &format!("<v>{MUT}</v>"))),
            ("twice", twice),
            ("of another method", honest.replace("referenceContrat", "referenceFibre")),
            ("in capitals", honest.replace("referenceContrat", "REFERENCECONTRAT")),
            ("of another namespace", one("xmlns=\"urn:x\"", MUT)),
            ("beside loose text", loose),
            ("as an attribute", attribute),
        ];
        let mut attacks: Vec<_> =
            ko.map(|(name, text)| Attack::new(name, text, Ko("20001"))).into();
        let fine = [
            ("an array of two thousand million, which is none", one(untrue, MUT)),
            ("of a type that nobody knows", one("xsi:type=\"x:java.lang.Runtime\"", MUT)),
            ("not nothing", one("xsi:nil=\"false\"", MUT)),
            ("with an id", one("id=\"1\" xml:id=\"1\" c:root=\"0\"", MUT)),
        ];
        attacks.extend(fine.map(|(name, text)| Attack::new(name, text, Answered)));
        attacks
    })
    .await;
}

#[tokio::test]
async fn logins_that_are_read_twice_or_in_the_wrong_place() {
    attack(|_| {
        let token = |login: &str, password: &str| {
            format!(
                "<w:UsernameToken xmlns:w=\"{WSSE}\"><w:Username>{login}</w:Username>\
                 <w:Password>{password}</w:Password></w:UsernameToken>"
            )
        };
        let security = |attributes: &str, inside: &str| {
            format!("<w:Security xmlns:w=\"{WSSE}\" {attributes}>{inside}</w:Security>")
        };
        let (ours, other) = (token("oc-demo", "oc-demo"), token("oc-autre", "oc-autre"));
        let ask = |header: &str| in_envelope(header, &structure(MUT));
        let split = token("oc-<!-- x -->demo", "oc-<![CDATA[demo]]>");
        let cut = token("oc-demo<!-- -->x", "oc-demo");
        let wrapped = format!("<x:W xmlns:x=\"urn:x\">{}</x:W>", security("", &ours));
        [
            ("nobody", String::new(), Challenge),
            ("one", security("", &ours), Answered),
            ("the same one twice", security("", &ours.repeat(2)), Answered),
            ("in pieces", security("", &split), Answered),
            ("cut at a comment", security("", &cut), Login),
            ("two", security("", &format!("{ours}{other}")), Login),
            ("two blocks", format!("{}{}", security("", &ours), security("", &other)), Login),
            ("for somebody else", security("s:actor=\"urn:x\"", &ours), Challenge),
            ("wrapped in another block", wrapped, Challenge),
            ("without its block", ours.clone(), Challenge),
            ("in another namespace", security("", &ours).replace(WSSE, "urn:x"), Challenge),
        ]
        .map(|(name, header, expected)| Attack::new(name, ask(&header), expected).without_login())
        .into_iter()
        .chain([
            Attack::new("another than HTTP's", ask(&security("", &other)), Login),
            Attack::new("in the body", envelope(&security("", &ours)), Fault).without_login(),
        ])
        .collect()
    })
    .await;
}
