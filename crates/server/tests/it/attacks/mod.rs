//! Attacks on SOAP services that are published (ws-attacks.org, OWASP's XML and web service
//! sheets), each with the answer that the contract gives it. None of them reaches the canaries: a
//! listener whose URL is wherever a document can name one, and a file.

mod canary;
mod characters;
mod entities;
mod injection;
mod logs;
mod memory;
mod oversized;
mod spoofing;
mod wrapping;

use hyper::Method;

use self::canary::Canary;
use crate::harness::{MUT, NAMESPACE, Oi, Put, Reply, basic, envelope, get, structure};

const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const V12: &str = "http://www.w3.org/2003/05/soap-envelope";
const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

/// One request.
struct Attack {
    name: String,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    expected: Expected,
}

/// What the contract answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The question is an honest one, whatever is around it.
    Ok,
    /// HTTP 200 and this code; it counts as a call.
    Ko(&'static str),
    /// HTTP 200 and 10000: nobody is there to count it on.
    Login,
    /// HTTP 401 and 10000.
    Challenge,
    /// HTTP 500, the message's fault (D5), with 20001 in its detail.
    Fault,
    MustUnderstand,
    VersionMismatch,
    /// Not SOAP over HTTP: this status, and a sentence.
    Http(u16),
}

use Expected::{Challenge, Fault, Http, Ko, Login, MustUnderstand, VersionMismatch};

impl Attack {
    /// A body in SOAP 1.1's way, sent with the login of `oc-demo`.
    fn new(name: impl Into<String>, body: impl Into<Vec<u8>>, expected: Expected) -> Self {
        let headers = vec![("authorization", basic("oc-demo", "oc-demo"))];
        let kind = "text/xml; charset=utf-8";
        Self { name: name.into(), kind, headers, body: body.into(), expected }
    }

    fn of_type(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    fn without_login(mut self) -> Self {
        self.headers.clear();
        self
    }

    async fn send(&self, oi: &Oi) -> Reply {
        let mut headers = vec![("content-type", self.kind)];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        headers.retain(|(_, value)| !value.is_empty());
        oi.send(Method::POST, &oi.url(), self.body.clone(), &headers).await.unwrap()
    }
}

impl Expected {
    fn counts(self) -> bool {
        matches!(self, Self::Ok | Ko(_))
    }

    fn read(reply: &Reply) -> String {
        match reply.text("faultcode").or_else(|| reply.text("Value")) {
            Some(fault) => format!("{fault} {}", reply.text("codeErreur").unwrap_or_default()),
            None => reply.outcome(),
        }
    }

    /// Whether an answer is the expected one.
    fn is(self, reply: &Reply) -> bool {
        if let Http(status) = self {
            return reply.status == status && !reply.body.contains('<');
        }
        if !reply.body.starts_with("<?xml") {
            return false;
        }
        let said = Self::read(reply);
        let said = (reply.status, said.as_str());
        match self {
            Self::Ok => said == (200, "OK"),
            Ko(code) => said == (200, code),
            Login => said == (200, "10000"),
            Challenge => said == (401, "10000"),
            Fault => said == (500, "S:Client 20001") || said == (500, "S:Sender 20001"),
            MustUnderstand => said == (500, "S:MustUnderstand "),
            VersionMismatch => said == (500, "S:VersionMismatch "),
            Http(_) => false,
        }
    }
}

/// An envelope in SOAP 1.1 with a header.
fn in_envelope(header: &str, body: &str) -> String {
    in_version(V11, header, body)
}

fn in_version(version: &str, header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"{version}\"><s:Header>{header}</s:Header><s:Body>{body}</s:Body>\
         </s:Envelope>"
    )
}

/// A getSiteStructure about the demo's contract with more attributes, and more inside.
fn structure_with(attributes: &str, inside: &str) -> String {
    format!(
        "<e:getSiteStructure xmlns:e=\"{NAMESPACE}\" {attributes}><referenceContrat>{MUT}\
         </referenceContrat>{inside}</e:getSiteStructure>"
    )
}

/// Attacks the demo service, and holds every answer, the canaries, the quota, the audit and the
/// service afterwards against what they should be.
async fn attack(list: impl FnOnce(&Canary) -> Vec<Attack>) {
    let (oi, canary) = (Oi::demo().await, Canary::sing());
    let before = everything(&oi).await;
    let attacks = list(&canary);
    let mut wrong = Vec::new();
    for attack in &attacks {
        let reply = attack.send(&oi).await;
        if !attack.expected.is(&reply) {
            let name = &attack.name;
            wrong.push(format!(
                "{name}: {:?}, but {} {}",
                attack.expected, reply.status, reply.body
            ));
        }
        assert!(!Canary::is_told_in(&reply.body), "{}: {}", attack.name, reply.body);
        assert!(!reply.body.contains("panicked"), "{}", reply.body);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), attacks.len(), wrong.join("\n"));
    assert_eq!(everything(&oi).await, before, "something was changed");
    let counted = attacks.iter().filter(|attack| attack.expected.counts()).count();
    let used = "SELECT CAST(coalesce(sum(used), 0) AS BIGINT) FROM monthly_usage";
    assert_eq!(usize::try_from(oi.number(used).await), Ok(counted), "what counts is counted");
    let asked = |attack: &&Attack| {
        !matches!(attack.expected, Fault | Http(_))
            && !matches!(attack.expected, MustUnderstand | VersionMismatch)
    };
    let asked = attacks.iter().filter(asked).count();
    assert_eq!(oi.audited().await.len(), asked, "one row a question, and none for what is none");
    canary.was_left_alone();
    honest(&oi).await;
}

/// What an attacker would like to change.
async fn everything(oi: &Oi) -> Vec<String> {
    let mut all = oi.lines("SELECT login || password_hash FROM operator ORDER BY login").await;
    all.extend(oi.lines("SELECT ref FROM contract ORDER BY ref").await);
    all.extend(oi.lines("SELECT ref || usage FROM fibre ORDER BY ref").await);
    all.extend(oi.lines("SELECT id FROM reprovisioning ORDER BY id").await);
    all
}

/// The service answers honest questions as before.
async fn honest(oi: &Oi) {
    oi.ask(&structure(MUT)).await.assert("OK");
    oi.ask_as("oc-autre", &structure(MUT)).await.assert("20019");
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    oi.until(MUT, "Terminé").await;
}

/// What the service is not, it does not say: no path tells more than 404, and no page shows files.
#[tokio::test]
async fn scanners_find_nothing_but_the_contract() {
    let oi = Oi::demo().await;
    for path in [
        "/",
        "/services",
        "/axis2/services/listServices",
        "/admin",
        "/metrics",
        "/actuator/env",
        "/.env",
        "/.git/config",
        "/server-status",
        "/WEB-INF/web.xml",
        "/hermesDeploiement",
        "/hermesDeploiement/eReprov",
        "/hermesDeploiement/eReprov/1.0",
        "/hermesDeploiement/eReprov/2.0/a/../../../etc/passwd",
        "/hermesDeploiement/eReprov/2.0/%2e%2e%2f%2e%2e%2fetc%2fpasswd/x",
    ] {
        let reply = oi.fetch(&format!("http://{}{path}", oi.address())).await;
        assert_eq!((reply.status, reply.body.as_str()), (404, ""), "{path}");
        assert!(reply.header("server").is_none() && reply.header("x-powered-by").is_none());
    }
    let wsdl = oi.fetch(&format!("{}?wsdl", oi.url())).await.body;
    let schema = oi.fetch(&format!("{}?xsd=1", oi.url())).await.body;
    for (query, shown) in [
        ("wsdl=../../../../etc/passwd", Some(&wsdl)),
        ("wsdl=file:///etc/passwd", Some(&wsdl)),
        ("wsdl=<script>", Some(&wsdl)),
        ("xsd=../ereprov.db", Some(&schema)),
        ("xsd=2", Some(&schema)),
        ("disco", None),
        ("mex", None),
        ("policy=1", None),
        ("op=getSiteStructure", None),
        ("method=getSiteStructure&referenceContrat=A", None),
    ] {
        let query = query.replace('<', "%3C").replace('>', "%3E");
        let reply = oi.fetch(&format!("{}?{query}", oi.url())).await;
        match shown {
            Some(document) => assert_eq!(&reply.body, document, "{query}"),
            None => assert_eq!(reply.status, 405, "{query}"),
        }
    }
    // Nothing in it but the four methods: no name of a machine or of a program.
    for told in ["ereprovd", "/root", "/home", "localhost"] {
        assert!(!wsdl.contains(told), "{told} is in the WSDL");
    }
    assert_eq!(wsdl.matches("<wsdl:input").count(), 8, "four methods, abstract and bound");
}

/// A harmless list, to see that the frame around the attacks can fail.
#[tokio::test]
#[should_panic(expected = "1 of 2")]
async fn an_attack_that_is_answered_otherwise_is_noticed() {
    attack(|_| {
        let honest = envelope(&get("UNKNOWN"));
        vec![Attack::new("a", honest.clone(), Ko("20019")), Attack::new("b", honest, Fault)]
    })
    .await;
}
