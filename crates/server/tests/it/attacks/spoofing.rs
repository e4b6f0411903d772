//! Headers that say something else than the body, or ask for an answer elsewhere.

use super::{
    Attack, Expected::Ok as Answered, Fault, Http, Ko, V12, attack, in_envelope, in_version,
};
use crate::harness::{MUT, Put, envelope, get, structure};

const WSA: [&str; 2] =
    ["http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"];

#[tokio::test]
async fn actions_that_name_another_method() {
    attack(|canary| {
        let honest = envelope(&structure(MUT));
        let mut attacks = Vec::new();
        for action in [
            "\"putReprovisionning\"",
            "putReprovisionning",
            "'getRoSite'",
            "\"http://sfr.fr/hermes/eReprov/getRoSite\"",
            "\"urn:x#getReprovisionning\"",
            "\"http://sfr.fr/hermes/eReprov/eReprov/putReprovisionningRequest\"",
            &format!("\"{}/putReprovisionning\"", canary.url()),
        ] {
            let spoofed = Attack::new(action, honest.clone(), Fault);
            attacks.push(spoofed.with("soapaction", action));
        }
        for action in ["\"\"", "\"getSiteStructure\"", "None", "\"deleteEverything\"", "*"] {
            let known = Attack::new(action, honest.clone(), Answered);
            attacks.push(known.with("soapaction", action));
        }
        attacks.push(
            Attack::new("two actions", honest.clone(), Fault)
                .with("soapaction", "\"getSiteStructure\"")
                .with("soapaction", "\"putReprovisionning\""),
        );
        // Named in the envelope, it deceives whoever looks there alone.
        for wsa in WSA {
            for (action, expected) in [
                ("http://sfr.fr/hermes/eReprov/eReprov/putReprovisionningRequest", Fault),
                ("putReprovisionning", Fault),
                ("put<![CDATA[Reprovisionning]]>", Fault),
                ("http://sfr.fr/hermes/eReprov/eReprov/getSiteStructureRequest", Answered),
                ("urn:deleteEverything", Answered),
                ("", Answered),
            ] {
                let header = format!("<a:Action xmlns:a=\"{wsa}\">{action}</a:Action>");
                let text = in_envelope(&header, &structure(MUT));
                attacks.push(Attack::new(action, text, expected));
            }
        }
        let twelve = in_version(V12, "", &structure(MUT));
        let kind = "application/soap+xml; action=\"putReprovisionning\"";
        attacks.push(Attack::new("the type's action", twelve, Fault).of_type(kind));
        attacks
    })
    .await;
}

#[tokio::test]
async fn addresses_for_the_answer_are_never_contacted() {
    attack(|canary| {
        let url = canary.url();
        let mut attacks = Vec::new();
        for wsa in WSA {
            let block = |name: &str, inside: &str| {
                let header = format!("<a:{name} xmlns:a=\"{wsa}\">{inside}</a:{name}>");
                in_envelope(&header, &structure(MUT))
            };
            let address = |address: &str| format!("<a:Address>{address}</a:Address>");
            for to in [
                url.as_str(),
                &format!("ftp://{}/", canary.host()),
                &format!("jms:jndi:ldap://{}/", canary.host()),
                &canary.file_url(),
                "mailto:a@example.org",
                "https://[::1]/",
                "anonymous",
                "http://www.w3.org/2005/08/addressing/anonymous.example",
            ] {
                for name in ["ReplyTo", "FaultTo"] {
                    attacks.push(Attack::new(name, block(name, &address(to)), Fault));
                }
            }
            let split = address(&url.replace("://", ":/<!-- -->/"));
            attacks.push(Attack::new("in pieces", block("ReplyTo", &split), Fault));
            let nested = format!("<x>{}</x>", address(&url));
            attacks.push(Attack::new("deeper", block("ReplyTo", &nested), Fault));
            for name in ["From", "To", "RelatesTo"] {
                attacks.push(Attack::new(name, block(name, &address(&url)), Answered));
            }
            let long = block("MessageID", &"x".repeat(256));
            attacks.push(Attack::new("a long name", long, Fault));
        }
        attacks
    })
    .await;
}

/// What is not SOAP over HTTP is told so, whatever it would mean elsewhere.
#[tokio::test]
async fn other_protocols_at_this_address() {
    attack(|canary| {
        let honest = envelope(&structure(MUT));
        let part = format!(
            "--b\r\nContent-Type: application/xop+xml\r\n\r\n{honest}\r\n--b\r\n\
             Content-Location: {}\r\n\r\nx\r\n--b--\r\n",
            canary.url()
        );
        let related = "multipart/related; boundary=b; type=\"application/xop+xml\"";
        let rpc = "<methodCall><methodName>system.listMethods</methodName></methodCall>";
        vec![
            Attack::new("MTOM", part.clone(), Http(415)).of_type(related),
            Attack::new("form data", part.clone(), Http(415))
                .of_type("multipart/form-data; boundary=b"),
            Attack::new("a multipart that says it is XML", part, Fault),
            Attack::new("JSON", "{\"getSiteStructure\":{}}", Http(415)).of_type("application/json"),
            Attack::new("JSON that says it is XML", "{\"getSiteStructure\":{}}", Fault),
            Attack::new("a form", "referenceContrat=A", Http(415))
                .of_type("application/x-www-form-urlencoded"),
            Attack::new("XML-RPC", rpc, Fault),
            Attack::new("a Java object", b"\xac\xed\x00\x05sr\x00\x11java".to_vec(), Http(415))
                .of_type("application/x-java-serialized-object"),
            Attack::new("a .NET envelope", b"\x56\x02\x0b\x01\x73\x04".to_vec(), Http(415))
                .of_type("application/soap+msbin1"),
            Attack::new("Fast Infoset", b"\xe0\x00\x00\x01".to_vec(), Http(415))
                .of_type("application/fastinfoset"),
            Attack::new("brotli", honest, Http(415)).with("content-encoding", "br"),
        ]
    })
    .await;
}

/// Names that callers give to their requests are compared and never interpreted; none reaches a
/// header of the answer.
#[tokio::test]
async fn names_of_requests() {
    attack(|canary| {
        let put = envelope(&Put::new(MUT, "CTP-0-0").body());
        let mut attacks = Vec::new();
        for key in [
            "'; DROP TABLE idempotency; --",
            "../../etc/passwd",
            "%0d%0aSet-Cookie: a=b",
            "${jndi:ldap://127.0.0.1/a}",
            "é\u{ff}",
            &canary.url(),
        ] {
            let named = Attack::new(key, put.clone(), Ko("20005"));
            attacks.push(named.with("idempotency-key", key));
        }
        attacks.push(
            Attack::new("too long", put.clone(), Ko("20001"))
                .with("idempotency-key", "x".repeat(256)),
        );
        attacks.push(
            Attack::new("two", put.clone(), Ko("20001"))
                .with("idempotency-key", "a")
                .with("idempotency-key", "b"),
        );
        let named = Attack::new("an id of one's own", envelope(&get(MUT)), Ko("20014"));
        attacks.push(named.with("x-request-id", "%0d%0aX: y"));
        attacks
    })
    .await;
}
