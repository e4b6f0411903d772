//! Envelopes, encodings, faults, HTTP.

mod framing;
mod heads;
mod old_clients;
mod packed;

use hyper::Method;

use crate::harness::{MUT, NAMESPACE, Oi, Put, Setup, basic, envelope, get, structure};

const V12: &str = "application/soap+xml; charset=utf-8";

fn envelope_12(header: &str, body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header>{header}\
         </s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

#[tokio::test]
async fn the_answer_has_the_version_of_the_question() {
    let oi = Oi::demo().await;
    let login = basic("oc-demo", "oc-demo");
    let eleven = oi.ask(&structure(MUT)).await;
    assert_eq!(eleven.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(eleven.body.contains("http://schemas.xmlsoap.org/soap/envelope/"));
    // The envelope decides, whatever the Content-Type says.
    for kind in [V12, "text/xml; charset=utf-8"] {
        let headers = [("authorization", login.as_str()), ("content-type", kind)];
        let twelve = oi.post(&envelope_12("", &structure(MUT)), &headers).await;
        twelve.assert("OK");
        assert_eq!(twelve.header("content-type"), Some(V12));
        assert!(twelve.body.contains("http://www.w3.org/2003/05/soap-envelope"));
    }
}

#[tokio::test]
async fn bodies_in_every_encoding() {
    let oi = Oi::demo().await;
    // An accent in a field that is read back in the label of the answer.
    let asked = structure("CONTRAT-é");
    let text = format!("<?xml version=\"1.0\"?>{}", envelope(&asked));
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let declared = text.replace("version=\"1.0\"", "version=\"1.0\" encoding=\"ISO-8859-1\"");
    let declared: Vec<u8> = declared.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let login = basic("oc-demo", "oc-demo");
    for (kind, bytes) in [
        ("text/xml; charset=utf-8", text.clone().into_bytes()),
        ("text/xml; charset=\"ISO-8859-1\"", latin1),
        ("text/xml; charset=utf-16", utf16.clone()),
        ("text/xml", utf16),
        ("text/xml", declared),
        ("application/xml", text.clone().into_bytes()),
    ] {
        let headers = [("content-type", kind), ("authorization", login.as_str())];
        let reply = oi.send(Method::POST, &oi.url(), bytes, &headers).await.unwrap();
        reply.assert("20019");
    }
    let entries = oi.audited().await;
    assert_eq!(entries.len(), 6);
    assert!(entries.iter().all(|entry| entry.contract_ref.as_deref() == Some("CONTRAT-é")));
}

#[tokio::test]
async fn gzipped_questions_are_unpacked_within_bounds() {
    use std::io::Write;
    let oi = Oi::demo().await;
    let pack = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let login = basic("oc-demo", "oc-demo");
    let headers = [
        ("content-type", "text/xml; charset=utf-8"),
        ("content-encoding", "gzip"),
        ("authorization", login.as_str()),
    ];
    let url = oi.url();
    let send = |bytes: Vec<u8>| oi.send(Method::POST, &url, bytes, &headers);
    send(pack(envelope(&structure(MUT)).as_bytes())).await.unwrap().assert("OK");
    let bomb = send(pack(&vec![b' '; 100 * 1024 * 1024])).await.unwrap();
    assert_eq!((bomb.status, bomb.body.as_str()), (413, "question trop longue\n"));
    let broken = send(b"not gzip".to_vec()).await.unwrap();
    assert_eq!((broken.status, broken.text("faultcode")), (500, Some("S:Client".into())));
}

#[tokio::test]
async fn what_is_no_question_of_a_known_method_is_a_fault() {
    let oi = Oi::demo().await;
    let unknown = format!("<e:getReprovisioning xmlns:e=\"{NAMESPACE}\"/>");
    let doctype = "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
    for (body, said) in [
        ("not XML", "XML mal formé"),
        ("<a/>", "enveloppe SOAP"),
        (doctype, "DOCTYPE"),
        (&*envelope(""), "Body est vide"),
        (&*envelope(&unknown), "méthode inconnue"),
        (&*envelope(&structure(MUT).repeat(2)), "plus d'un élément"),
    ] {
        let reply = oi.post(body, &[]).await;
        assert_eq!(reply.status, 500, "{body}");
        assert_eq!(reply.text("faultcode").as_deref(), Some("S:Client"), "{body}");
        assert!(reply.text("faultstring").unwrap().contains(said), "{}", reply.body);
        assert!(reply.header("x-request-id").is_some());
    }
    let reply = oi.post(&envelope_12("", &unknown), &[("content-type", V12)]).await;
    assert_eq!((reply.status, reply.text("Value")), (500, Some("S:Sender".into())));
    let other = envelope("").replace("http://schemas.xmlsoap.org/soap/envelope/", "urn:other");
    let reply = oi.post(&other, &[]).await;
    assert_eq!(reply.text("faultcode").as_deref(), Some("S:VersionMismatch"));
    assert_eq!(reply.attributes("SupportedEnvelope", "qname").len(), 2);
    assert!(oi.audited().await.is_empty(), "no operation was reached");
}

#[tokio::test]
async fn must_understand_and_soap_action() {
    let oi = Oi::demo().await;
    let block = "<x:h xmlns:x='urn:x' s:mustUnderstand='1'/>";
    let reply = oi.post(&envelope_12(block, &structure(MUT)), &[("content-type", V12)]).await;
    assert_eq!(reply.text("Value").as_deref(), Some("S:MustUnderstand"));
    assert_eq!(reply.attributes("NotUnderstood", "qname"), ["b:h"]);
    let bare = "<h s:mustUnderstand='1'/>";
    let reply = oi.post(&envelope_12(bare, &structure(MUT)), &[("content-type", V12)]).await;
    assert_eq!(reply.attributes("NotUnderstood", "qname"), ["h"]);
    let login = basic("oc-demo", "oc-demo");
    let ask = |action: &'static str| {
        let headers = [("authorization", login.clone()), ("soapaction", action.to_owned())];
        let oi = &oi;
        async move {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            oi.post(&envelope(&structure(MUT)), &headers).await
        }
    };
    ask("\"\"").await.assert("OK");
    ask("\"getSiteStructure\"").await.assert("OK");
    assert_eq!(ask("\"putReprovisionning\"").await.text("faultcode").as_deref(), Some("S:Client"));
}

#[tokio::test]
async fn logins_in_the_header_of_the_envelope() {
    let oi = Oi::demo().await;
    let token = |login: &str, password: &str, kind: &str| {
        format!(
            "<w:Security s:mustUnderstand=\"1\" xmlns:w=\"http://docs.oasis-open.org/wss/2004/01/\
             oasis-200401-wss-wssecurity-secext-1.0.xsd\"><w:UsernameToken><w:Username>{login}\
             </w:Username><w:Password{kind}>{password}</w:Password></w:UsernameToken></w:Security>"
        )
    };
    let ask = |header: String, authorization: Option<(&'static str, &'static str)>| {
        let oi = &oi;
        async move {
            let basic = authorization.map(|(login, password)| basic(login, password));
            let mut headers = vec![("content-type", V12)];
            headers.extend(basic.as_deref().map(|basic| ("authorization", basic)));
            oi.post(&envelope_12(&header, &structure(MUT)), &headers).await
        }
    };
    ask(token("oc-demo", "oc-demo", ""), None).await.assert("OK");
    ask(token("oc-demo", "oc-demo", " Type=\"x#PasswordText\""), None).await.assert("OK");
    ask(token("oc-demo", "oc-demo", ""), Some(("oc-demo", "oc-demo"))).await.assert("OK");
    let wrong = ask(token("oc-demo", "wrong", ""), None).await;
    assert_eq!(
        (wrong.status, wrong.libelle()),
        (200, "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI".into())
    );
    let two = ask(token("oc-demo", "oc-demo", ""), Some(("oc-autre", "oc-autre"))).await;
    two.assert_ko("10000", "deux identifications différentes");
    let question = envelope(&structure(MUT));
    let logins = [basic("oc-demo", "oc-demo"), basic("oc-autre", "oc-autre")];
    let both = logins.each_ref().map(|login| ("authorization", login.as_str()));
    oi.post(&question, &both).await.assert_ko("10000", "deux identifications différentes");
    let digest = ask(token("oc-demo", "eA==", " Type=\"x#PasswordDigest\""), None).await;
    digest.assert_ko("10000", "PasswordText");
}

#[tokio::test]
async fn no_login_at_all_is_a_challenge_with_the_code_in_its_body() {
    let oi = Oi::demo().await;
    let reply = oi.post(&envelope(&structure(MUT)), &[]).await;
    assert_eq!(reply.status, 401);
    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Basic realm="), "{challenge}");
    reply.assert_ko("10000", "HTTP Basic");
}

#[tokio::test]
async fn the_wsdl_carries_the_configured_address() {
    let oi = Setup::config("[server]\npublic_url = \"https://oi.example\"").start().await;
    for query in ["wsdl", "WSDL", "wsdl=1", "singleWsdl"] {
        let reply = oi.fetch(&format!("{}?{query}", oi.url())).await;
        assert_eq!(reply.status, 200, "{query}");
        let address = reply.attributes("address", "location");
        assert_eq!(address, ["https://oi.example/hermesDeploiement/eReprov/2.0"]);
        assert!(reply.body.contains("http://schemas.xmlsoap.org/wsdl/soap/"));
    }
    let twelve = oi.fetch(&format!("{}?wsdl&soap=1.2", oi.url())).await;
    assert!(twelve.body.contains("http://schemas.xmlsoap.org/wsdl/soap12/"));
    let xsd = oi.fetch(&format!("{}?xsd=1", oi.url())).await;
    assert_eq!(xsd.body, include_str!("../../../../wsdl/eReprov.xsd"));
}

#[tokio::test]
async fn the_path_may_end_in_the_name_of_the_consumer() {
    let oi = Oi::demo().await;
    let login = basic("oc-demo", "oc-demo");
    let headers = [("content-type", "text/xml"), ("authorization", login.as_str())];
    for end in ["/SFR", "/"] {
        let url = format!("{}{end}", oi.url());
        let asked = envelope(&structure(MUT)).into_bytes();
        oi.send(Method::POST, &url, asked, &headers).await.unwrap().assert("OK");
    }
    assert_eq!(oi.fetch(&format!("http://{}/elsewhere", oi.address())).await.status, 404);
}

#[tokio::test]
async fn other_methods_types_and_sizes() {
    let oi = Oi::demo().await;
    let url = oi.url();
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::GET] {
        let reply = oi.send(method, &url, vec![], &[]).await.unwrap();
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, POST")));
    }
    let json = oi.post("{}", &[("content-type", "application/json")]).await;
    assert_eq!(json.status, 415);
    assert!(json.body.starts_with("Content-Type text/xml"), "a fault would be HTTP 500 (D5)");
    assert!(json.header("x-request-id").is_some(), "the log has it under this id");
    let packed = oi.post("x", &[("content-encoding", "br")]).await;
    assert_eq!(packed.status, 415);
    let utf7 = oi.post("x", &[("content-type", "text/xml; charset=utf-7")]).await;
    assert_eq!(utf7.text("faultcode").as_deref(), Some("S:Client"));
    let large = format!("{}<!--{}-->", envelope(&structure(MUT)), "x".repeat(70_000));
    let large = oi.post(&large, &[]).await;
    assert_eq!((large.status, large.header("x-request-id").is_some()), (413, true));
}

#[tokio::test]
async fn a_question_that_names_itself_gets_an_answer_that_relates_to_it() {
    let oi = Oi::demo().await;
    let wsa = "http://www.w3.org/2005/08/addressing";
    let named = format!("<a:MessageID xmlns:a=\"{wsa}\">urn:uuid:42</a:MessageID>");
    let login = basic("oc-demo", "oc-demo");
    let headers = [("content-type", V12), ("authorization", login.as_str())];
    let reply = oi.post(&envelope_12(&named, &get("ARA-502701")), &headers).await;
    reply.assert("OK");
    assert_eq!(reply.text("RelatesTo").as_deref(), Some("urn:uuid:42"));
    let elsewhere = format!(
        "<a:ReplyTo xmlns:a=\"{wsa}\"><a:Address>http://127.0.0.1:9/</a:Address></a:ReplyTo>"
    );
    let reply = oi.post(&envelope_12(&elsewhere, &get("ARA-502701")), &headers).await;
    assert_eq!(reply.text("Value").as_deref(), Some("S:Sender"));
}

#[tokio::test]
async fn the_whole_way_in_soap_1_2() {
    let oi = Oi::demo().await;
    let login = basic("oc-demo", "oc-demo");
    let ask = async |question: String, kind: &str| {
        let headers = [("content-type", kind), ("authorization", login.as_str())];
        oi.post(&envelope_12("", &question), &headers).await
    };
    let put = || Put::new(MUT, "CTP-1240357-1").body();
    let spoofed = ask(put(), "application/soap+xml; action=\"getRoSite\"").await;
    assert_eq!(spoofed.text("Value").as_deref(), Some("S:Sender"));
    let accepted = ask(put(), "application/soap+xml; action=\"putReprovisionning\"").await;
    assert!(accepted.assert("OK").text("codeDecharge").is_some());
    oi.until(MUT, "Terminé").await;
    ask(put(), V12).await.assert_ko("20015", "déjà la fibre");
    ask(get(MUT), V12).await.assert("OK");
}
