//! Each code of §4, provoked from outside.

use std::time::Duration;

use ereprov_server::{
    clock::Entropy,
    store::{StoreError, service, service::ServiceState},
};
use tokio::io::AsyncWriteExt;

use crate::harness::{
    MUT, NAMESPACE, Oi, Put, Role, Setup, basic, envelope, eventually, fibre, get, routes,
    routes_at, structure,
};

#[tokio::test]
async fn code_minus_1_closed_at_once_and_open_again() {
    let oi = Setup::at("2026-11-23T12:00").start().await;
    let close = |closed: bool, until_ms: Option<i64>| {
        let state = ServiceState { closed, reason: "Maintenance du SI".into(), until_ms };
        oi.store().write("close", state, |tx, state| Box::pin(service::write(tx, state, 0)))
    };
    let until = ereprov_server::calendar::parse("2026-11-23T14:00");
    close(true, until).await.unwrap();
    for question in [structure(MUT), routes(MUT), get(MUT), Put::new(MUT, "CTP-1240357-1").body()] {
        let reply = oi.ask(&question).await;
        reply.assert_ko(
            "-1",
            "WS fermé : Maintenance du SI ; réouverture prévue le 23/11/2026 à 14:00",
        );
        assert_eq!(reply.header("retry-after"), Some("7200"));
        assert!(reply.header("ratelimit").is_none(), "it does not count");
    }
    let stranger = oi.ask_as("nobody", &structure(MUT)).await;
    stranger.assert("-1");
    close(true, None).await.unwrap();
    assert_eq!(oi.ask(&get(MUT)).await.header("retry-after"), Some("300"));
    close(false, None).await.unwrap();
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn code_0_for_a_bug_that_is_caught() {
    // Chance that breaks once it is asked for a discharge code: twelve calls for one byte each.
    let entropy = Entropy::from_fn(|bytes| {
        assert!(bytes.len() > 1, "a bug, on purpose");
        getrandom::fill(bytes).unwrap();
    });
    let oi = Setup { entropy, ..Setup::default() }.start().await;
    let reply = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    reply.assert_ko("0", "X-Request-Id");
    let next = oi.ask(&structure(MUT)).await;
    assert!(next.assert("OK").header("ratelimit").unwrap().contains("r=99998;"), "it counted");
    assert_eq!(oi.audited().await[0].code, Some(0));
}

#[tokio::test]
async fn code_10000_reads_alike_for_an_unknown_login_and_a_wrong_password() {
    let oi = Oi::demo().await;
    let question = envelope(&structure(MUT));
    let mut answers = Vec::new();
    for (login, password) in [("oc-demo", "wrong"), ("nobody", "wrong"), ("", ""), ("oc-demo", "")]
    {
        let reply = oi.post(&question, &[("authorization", &basic(login, password))]).await;
        assert_eq!(reply.status, 200);
        reply.assert("10000");
        answers.push(reply.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn codes_10100_and_10101_for_a_database_that_fails() {
    let oi = Oi::demo().await;
    // As a damaged file would: a table is not there any more.
    let other = rusqlite::Connection::open(oi.folder.path().join("ereprov.db")).unwrap();
    other.execute_batch("ALTER TABLE audit RENAME TO gone").unwrap();
    let reply = oi.ask(&structure(MUT)).await;
    reply.assert_ko("10100", "getReprovisionning");
    assert!(!reply.body.contains("audit"), "the cause is for the log: {}", reply.body);
    other.execute_batch("ALTER TABLE gone RENAME TO audit").unwrap();
    oi.ask(&structure(MUT)).await.assert("OK");
    let unavailable = StoreError::Unavailable("refused".into());
    let ko = ereprov_server::soap::ko(&ereprov_server::soap::Refused::Store(unavailable));
    assert_eq!(ko.code.number(), 10101);
}

#[tokio::test]
async fn code_10200_for_a_request_that_takes_too_long() {
    let setup =
        Setup::config("[server]\nrequest_deadline_ms = 300\n[networks]\nask_deadline_ms = 250");
    let oi = setup.start().await;
    // Somebody holds the database for writing: the audit row has to wait.
    let other = rusqlite::Connection::open(oi.folder.path().join("ereprov.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let reply = oi.ask(&structure(MUT)).await;
    reply.assert_ko("10200", "getReprovisionning");
    let put = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    put.assert("10200");
    other.execute_batch("ROLLBACK").unwrap();
    // What had begun goes on to its end, and the follow-up tells what came of it.
    oi.until(MUT, "Terminé").await;
    let rows = oi.audited().await;
    for reply in [reply, put] {
        let id = reply.header("x-request-id").unwrap();
        assert_eq!(rows.iter().filter(|row| row.request_id == id).count(), 1, "one row");
    }
    // While both went on, they were the operator's two sessions.
    let counted = rows.iter().filter(|row| row.code != Some(20007)).count();
    let left = format!("r={};", 100_000 - counted - 1);
    let counted = oi.ask(&structure(MUT)).await;
    assert!(counted.assert("OK").header("ratelimit").unwrap().contains(&left), "each counts once");
}

#[tokio::test]
async fn code_20000_for_an_inventory_that_contradicts_itself() {
    let mut setup = Setup::default();
    let contracts = setup.files.get_mut("contracts.csv").unwrap();
    contracts.push_str(
        "SANS-ROUTE;oc-demo;SC-423361;BATIMENT-1;ESCALIER-44;ETAGE-06;;BE-03;FI-75056-0423;ztd;\
         collective;real;no;no;open;connection\n",
    );
    let oi = setup.start().await;
    oi.ask(&structure("SANS-ROUTE")).await.assert("OK");
    let reply = oi.ask(&Put::new("SANS-ROUTE", "CTP-1240329-1").body()).await;
    reply.assert_ko("20000", "se contredisent");
}

#[tokio::test]
async fn code_20001_names_the_field_and_the_reason() {
    let oi = Oi::demo().await;
    let put = |change: &dyn Fn(String) -> String| change(Put::new(MUT, "CTP-1240357-1").body());
    for (question, said) in [
        (structure(""), "referenceContrat : obligatoire"),
        (structure(&"A".repeat(31)), "referenceContrat : 31 caractères, 30 au plus"),
        (structure("A€"), "referenceContrat : caractère interdit U+20AC en position 2"),
        (
            structure("A").replace("referenceContrat", "referenceContract"),
            "vouliez-vous referenceContrat",
        ),
        (routes_at(MUT, ["BATIMENT-1", "", "ETAGE-06"], ""), "referenceEscalier : absent"),
        (
            routes_at(MUT, ["BATIMENT-1", "ESCALIER-44", "ETAGE-15"], "BE-06")
                .replace("</e:", "<referenceBE>BE-07</referenceBE></e:"),
            "referenceBE : différent de referencePBO",
        ),
        (put(&|q| q.replace(">0<", ">2<")), "conservationPTO : 0 ou 1"),
        (put(&|q| q.replace("Fibre cassée", "Fibre casée")), "vouliez-vous « Fibre cassée »"),
        (put(&|q| q.replace("CTP-1240357-1", "")), "referenceFibre : obligatoire"),
        (put(&|q| q.replace("CTP-1240357-1", &"F".repeat(256))), "referenceFibre : 256 caractères"),
        (put(&|q| q.replace("<motif>", "<motif/><motif>")), "motif : élément répété"),
    ] {
        let reply = oi.ask(&question).await;
        assert_eq!(reply.status, 200);
        reply.assert_ko("20001", said);
    }
    // Tolerated: xs:boolean forms, either namespace, any order, accents and case of the motif.
    let tolerated = format!(
        "<e:putReprovisionning xmlns:e=\"{NAMESPACE}\"><e:motif>  FIBRE  CASSEE </e:motif>\
         <conservationPTO>false</conservationPTO><referencePTO/>\
         <e:referenceFibre>CTP-1240357-1</e:referenceFibre>\
         <referenceContrat>\n{MUT}\n</referenceContrat></e:putReprovisionning>"
    );
    oi.ask(&tolerated).await.assert("OK");
}

#[tokio::test]
async fn codes_20002_and_20018_for_what_was_ordered() {
    let oi = Oi::demo().await;
    for (contract, code, said) in [
        ("DEMO-SANS-COMMANDE", "20018", "n'a pas de commande"),
        ("DEMO-COMMANDE-FINIE", "20018", "déjà raccordée"),
        ("DEMO-COMMANDE-INVALIDE", "20002", "annulée"),
        ("DEMO-SANS-CR", "20002", "CR de commande"),
        ("DEMO-SAV", "20002", "raccordement du client final"),
    ] {
        let put = Put::new(contract, &fibre(contract, Role::Free));
        oi.ask(&put.body()).await.assert_ko(code, said);
        // The other methods serve ordered and held lines alike (D26a).
        oi.ask(&structure(contract)).await.assert("OK");
        oi.ask(&routes(contract)).await.assert("OK");
        oi.ask(&get(contract)).await.assert("20014");
    }
}

#[tokio::test]
async fn code_20003_for_a_body_that_does_not_come() {
    let oi = Setup::config("[server]\nbody_read_ms = 200").start().await;
    let mut stream = tokio::net::TcpStream::connect(oi.address()).await.unwrap();
    let head = "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n\
                Content-Length: 1000\r\n\r\n<s:Envelope";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer);
    tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("<faultcode>S:Server</faultcode>"), "{answer}");
    assert!(answer.contains("<codeErreur>20003</codeErreur>"), "{answer}");
}

#[tokio::test]
async fn code_20004_when_there_is_no_room() {
    let oi = Setup::config("[server]\nrequests_at_once_max = 0").start().await;
    let reply = oi.ask(&structure(MUT)).await;
    assert_eq!((reply.status, reply.header("retry-after")), (500, Some("5")));
    assert_eq!(reply.text("codeErreur").as_deref(), Some("20004"));
    assert_eq!(oi.fetch(&format!("{}?wsdl", oi.url())).await.status, 200);
}

#[tokio::test]
async fn code_20005_for_what_is_not_there() {
    let oi = Oi::demo().await;
    let at = |place: [&str; 3], pbo: &str| routes_at(MUT, place, pbo);
    for (question, said) in [
        (at(["BATIMENT-9", "ESCALIER-44", "ETAGE-15"], ""), "lieu absent du site"),
        (at(["BATIMENT-1", "ESCALIER-1", "ETAGE-00"], ""), "lieu absent du site"),
        (at(["BATIMENT-1", "ESCALIER-44", "ETAGE-15"], "BE-03"), "referencePBO"),
        (Put::new(MUT, "CTP-0000000-1").body(), "referenceFibre : fibre inconnue"),
        (
            Put::new(MUT, "CTP-1240359-1").keep().pto("CTP-6000102-1").body(),
            "referencePTO : prise inconnue sur le site",
        ),
    ] {
        oi.ask(&question).await.assert_ko("20005", said);
    }
}

#[tokio::test]
async fn code_20006_while_another_request_for_the_contract_is_decided() {
    let oi = Setup::config("[networks]\nask_deadline_ms = 600").start().await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let (first, second) = tokio::join!(oi.ask(&put), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        // Reads are never refused for this.
        oi.ask(&get("DEMO-20010")).await.assert("20014");
        oi.ask(&put).await
    });
    first.assert("20010");
    second.assert_ko("20006", "à l'étude");
    // Another contract is another matter.
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
}

#[tokio::test]
async fn code_20007_for_the_third_and_the_first_two_end_normally() {
    let oi = Setup::config("[networks]\nask_deadline_ms = 800").start().await;
    // Two slow ones of the same operator: Networks is silent about the first contract, and the
    // second request is about the same one.
    let slow = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    oi.limit("oc-demo", None, Some(1)).await;
    let (first, second) = tokio::join!(oi.ask(&slow), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        oi.ask(&structure(MUT)).await
    });
    first.assert("20010");
    second.assert_ko("20007", "1 requêtes à la fois");
    assert_eq!(second.header("retry-after"), Some("1"));
    assert!(second.header("ratelimit").is_none(), "it does not count");
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn codes_20008_to_20011_are_what_networks_answers() {
    let oi = Setup::config("[networks]\nask_deadline_ms = 200").start().await;
    for code in ["20008", "20009", "20010", "20011"] {
        let contract = format!("DEMO-{code}");
        let free = fibre(&contract, Role::Free);
        let reply = oi.ask(&Put::new(&contract, &free).body()).await;
        reply.assert_ko(code, "rien n'est engagé");
        assert_eq!(oi.fibre(&free).await.contract_ref, None, "nothing is reserved");
        oi.ask(&get(&contract)).await.assert("20014");
    }
}

#[tokio::test]
async fn codes_20012_and_20014() {
    let oi = Oi::demo().await;
    oi.ask(&get("DEMO-LENT")).await.assert_ko("20014", "aucun reprovisionning");
    let put = Put::new("DEMO-LENT", &fibre("DEMO-LENT", Role::Free)).body();
    oi.ask(&put).await.assert("OK");
    oi.ask(&put).await.assert_ko("20012", "getReprovisionning");
    let other = Put::new("DEMO-LENT", &fibre("DEMO-LENT", Role::Fresh)).body();
    oi.ask(&other).await.assert("20012");
    oi.until("DEMO-LENT", "En cours").await;
    oi.ask(&put).await.assert("20012");
}

#[tokio::test]
async fn code_20016_for_the_sixth_of_five_and_all_after_it_until_the_month_turns() {
    let oi = Setup::at("2026-11-30T23:59:00").start().await;
    for _ in 0..5 {
        // KO answers count like any other.
        oi.ask_as("oc-quota", &structure("UNKNOWN")).await.assert("20019");
    }
    for _ in 0..3 {
        oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await.assert("20016");
    }
    let put = Put::new("DEMO-QUOTA", &fibre("DEMO-QUOTA", Role::Free)).body();
    oi.ask_as("oc-quota", &put).await.assert("20016");
    oi.clock.advance_ms(60_000);
    oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await.assert("OK");
}

#[tokio::test]
async fn code_20019_says_the_same_of_another_operators_contract() {
    let oi = Oi::demo().await;
    let question = |contract: &str| {
        let free = fibre("DEMO-AUTRE-OC", Role::Free);
        [structure(contract), routes(contract), get(contract), Put::new(contract, &free).body()]
    };
    for (foreign, unknown) in question("DEMO-AUTRE-OC").into_iter().zip(question("DEMO-XXXXX-XX")) {
        let (foreign, unknown) = (oi.ask(&foreign).await, oi.ask(&unknown).await);
        foreign.assert_ko("20019", "referenceContrat");
        assert_eq!(foreign.body, unknown.body);
        assert_eq!(foreign.headers.len(), unknown.headers.len());
    }
    oi.ask_as("oc-autre", &structure("DEMO-AUTRE-OC")).await.assert("OK");
}

#[tokio::test]
async fn codes_20020_and_20021_come_before_anything_is_counted() {
    let oi = Oi::demo().await;
    oi.ask_as("oc-sans-profil", &structure(MUT)).await.assert_ko("20020", "profil");
    let put = Put::new("DEMO-LECTURE", &fibre("DEMO-LECTURE", Role::Free)).body();
    let reply = oi.ask_as("oc-lecture", &put).await;
    reply.assert_ko("20021", "méthode");
    assert!(reply.header("ratelimit").is_none());
    oi.ask_as("oc-lecture", &structure("DEMO-LECTURE")).await.assert("OK");
}

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let oi = Oi::demo().await;
    // Login before profile, profile before arguments, arguments before the contract.
    let nonsense = structure("").replace("referenceContrat", "nonsense");
    oi.ask_as("nobody", &nonsense).await.assert("10000");
    oi.ask_as("oc-sans-profil", &nonsense).await.assert("20020");
    oi.ask(&nonsense).await.assert("20001");
    // The order before a running one, and both before the fibre.
    let unknown_fibre = Put::new("DEMO-SANS-COMMANDE", "CTP-0-0").body();
    oi.ask(&unknown_fibre).await.assert("20018");
    oi.ask(&Put::new("DEMO-LENT", &fibre("DEMO-LENT", Role::Free)).body()).await.assert("OK");
    oi.ask(&Put::new("DEMO-LENT", "CTP-0-0").body()).await.assert("20012");
    // An unknown fibre before the rules, the rules before Networks.
    oi.ask(&Put::new("DEMO-20008", "CTP-0-0").body()).await.assert("20005");
    let current = fibre("DEMO-20008", Role::Current);
    oi.ask(&Put::new("DEMO-20008", &current).body()).await.assert("20015");
}

#[tokio::test]
async fn a_disabled_operator_is_nobody_and_a_new_password_counts_at_once() {
    let oi = Oi::demo().await;
    oi.ask(&structure(MUT)).await.assert("OK");
    let change = |disabled: bool, password: &'static str| {
        let hash = ereprov_server::admission::password::hash(password, &Entropy::system()).unwrap();
        oi.store().write("change", (disabled, hash), |tx, (disabled, hash)| {
            Box::pin(async move {
                let found = ereprov_server::store::operators::find(tx, "oc-demo").await?;
                let mut operator = found.expect("oc-demo");
                (operator.disabled, operator.password_hash) = (*disabled, hash.clone());
                ereprov_server::store::operators::update(tx, &operator, 0).await
            })
        })
    };
    change(false, "nouveau").await.unwrap();
    oi.ask(&structure(MUT)).await.assert("10000");
    let login = basic("oc-demo", "nouveau");
    oi.post(&envelope(&structure(MUT)), &[("authorization", &login)]).await.assert("OK");
    change(true, "nouveau").await.unwrap();
    let reply = oi.post(&envelope(&structure(MUT)), &[("authorization", &login)]).await;
    assert_eq!(reply.libelle(), "Login/Password incorrect");
}

#[tokio::test]
async fn a_place_and_a_pbo_show_what_they_should() {
    let oi = Oi::demo().await;
    // The contract's own place (D13): the three fibres of its floor.
    let own = oi.ask(&routes(MUT)).await;
    assert_eq!(own.attributes("pbo", "reference"), ["BE-03"]);
    assert_eq!(own.attributes("fibre", "reference").len(), 3);
    // A floor without a PBO: its sockets' routes, under the PBO that serves them (D18).
    let thirteenth = ["BATIMENT-1", "ESCALIER-44", "ETAGE-13"];
    let floor = oi.ask(&routes_at(MUT, thirteenth, "")).await;
    assert_eq!(floor.attributes("pbo", "reference"), ["BE-05"]);
    assert_eq!(floor.attributes("fibre", "reference").len(), 4);
    // With the PBO: every fibre it serves, on whatever floor.
    let pbo = oi.ask(&routes_at(MUT, thirteenth, "BE-05")).await;
    assert_eq!(pbo.attributes("fibre", "reference").len(), 6);
    eventually("the same order from call to call", async || {
        let again = oi.ask(&routes_at(MUT, thirteenth, "BE-05")).await;
        (again.body == pbo.body).then_some(())
    })
    .await;
}
