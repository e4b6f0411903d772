//! Values that mean something to other interpreters: here they are references that nobody has.

use super::{Attack, Ko, Login, attack, in_envelope};
use crate::harness::{MUT, Put, Reply, basic, envelope, get, routes, routes_at, structure};

/// Each at most 30 characters, and each character allowed (§2.5).
const PAYLOADS: [&str; 24] = [
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "'; DROP TABLE contract; --",
    "1; SELECT pg_sleep(30)",
    "x' UNION SELECT login FROM",
    "%' OR 1=1 /*",
    "$1",
    "?1",
    "%",
    "_____________________",
    "*",
    "*)(uid=*))(|(uid=*",
    "' or count(/*)=1 or 'a'='",
    "doc('file:///etc/passwd')",
    "$(touch /tmp/x)",
    "`id`",
    "| id; id && id",
    "../../../../etc/passwd",
    "%00%0d%0a",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}} <%=7*7%> #{7*7}",
    "<script>alert(1)</script>",
    "</referenceContrat><x/>",
    "%n%n%s%s%x",
];

#[tokio::test]
async fn a_payload_in_a_reference_is_a_reference() {
    attack(|_| {
        let mut attacks = Vec::new();
        for payload in PAYLOADS {
            assert!(payload.chars().count() <= 30, "{payload}");
            let mut add = |field: &str, question: String, expected| {
                attacks.push(Attack::new(
                    format!("{field}: {payload}"),
                    envelope(&question),
                    expected,
                ));
            };
            for question in [structure(payload), routes(payload), get(payload)] {
                add("referenceContrat", question, Ko("20019"));
            }
            add("referenceContrat", Put::new(payload, "CTP-1240357-1").body(), Ko("20019"));
            let place = ["BATIMENT-1", "ESCALIER-44", "ETAGE-06"];
            for number in 0..3 {
                let mut place = place;
                place[number] = payload;
                add("place", routes_at(MUT, place, ""), Ko("20005"));
            }
            add("referencePBO", routes_at(MUT, place, payload), Ko("20005"));
            add("referenceFibre", Put::new(MUT, payload).body(), Ko("20005"));
            let put = || Put::new(MUT, "CTP-1240357-1");
            add("referencePTO", put().keep().pto(payload).body(), Ko("20005"));
            add("motif", put().motif(payload).body(), Ko("20001"));
            let kept = put()
                .body()
                .replace("PTO>0<", &format!("PTO><![CDATA[{}]]><", payload.replace("]]>", "")));
            add("conservationPTO", kept, Ko("20001"));
        }
        attacks
    })
    .await;
}

#[tokio::test]
async fn what_is_too_long_to_be_a_reference_is_told() {
    attack(|canary| {
        [
            format!("' UNION SELECT password_hash FROM operator WHERE '{}'='", canary.url()),
            format!("${{jndi:ldap://{}/a}}", "x".repeat(200)),
            "A".repeat(60_000),
        ]
        .map(|value| Attack::new("long", envelope(&structure(&value)), Ko("20001")))
        .into()
    })
    .await;
}

/// A few only: wrong passwords in numbers are another matter.
#[tokio::test]
async fn a_payload_in_a_login_is_a_wrong_login() {
    attack(|_| {
        let ask = || envelope(&structure(MUT));
        let mut attacks: Vec<_> = [
            ("oc-demo'--", "x"),
            ("oc-demo", "' OR '1'='1"),
            ("oc-demo\0", "oc-demo"),
            ("*\r\n\u{1b}[31m", "\0"),
        ]
        .map(|(login, password)| {
            Attack::new(login.escape_debug().to_string(), ask(), Login)
                .without_login()
                .with("authorization", basic(login, password))
        })
        .into();
        let token = format!(
            "<w:Security xmlns:w=\"{}\"><w:UsernameToken><w:Username>' OR 1=1 --</w:Username>\
             <w:Password>&#10;</w:Password></w:UsernameToken></w:Security>",
            super::WSSE
        );
        let text = in_envelope(&token, &structure(MUT));
        attacks.push(Attack::new("UsernameToken", text, Login).without_login());
        attacks
    })
    .await;
}

/// What is shown back of a question cannot become markup.
#[tokio::test]
async fn what_is_shown_back_is_text() {
    let oi = crate::harness::Oi::demo().await;
    let wsa = "http://www.w3.org/2005/08/addressing";
    let name = "]]&gt;&lt;/a&gt;&lt;statut&gt;OK&lt;/statut&gt;\"'&amp;";
    let header = format!("<a:MessageID xmlns:a=\"{wsa}\">{name}</a:MessageID>");
    let shown = async |body: &str| -> Reply {
        let login = basic("oc-demo", "oc-demo");
        oi.post(&in_envelope(&header, body), &[("authorization", &login)]).await
    };
    let reply = shown(&get(MUT)).await;
    reply.assert("20014");
    assert_eq!(reply.text("RelatesTo").as_deref(), Some("]]></a><statut>OK</statut>\"'&"));
    let odd = structure(MUT).replace("referenceContrat>", "referenceContrat-é.b>");
    let reply = shown(&odd).await;
    reply.assert_ko("20001", "referenceContrat-é.b");
}
