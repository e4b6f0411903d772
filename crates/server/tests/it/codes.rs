//! Each code of §4, provoked from outside.

use std::time::Duration;

use ereprov_server::clock::Entropy;
use tokio::io::AsyncWriteExt;

use crate::harness::{
    MUT, NAMESPACE, Oi, Put, Role, Setup, eventually, fibre, get, routes, routes_at, structure,
};

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
async fn code_10100_for_a_database_that_fails() {
    let oi = Oi::demo().await;
    // As a damaged file would: a table is not there any more.
    let other = oi.beside().await;
    other.run("ALTER TABLE audit RENAME TO gone").await;
    let reply = oi.ask(&structure(MUT)).await;
    reply.assert_ko("10100", "getReprovisionning");
    assert!(!reply.body.contains("audit"), "the cause is for the log: {}", reply.body);
    other.run("ALTER TABLE gone RENAME TO audit").await;
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn code_10101_for_a_database_that_cannot_be_had() {
    let oi = Oi::demo().await;
    // Somebody keeps it for longer than a statement waits.
    let other = oi.beside().await;
    other.hold().await;
    oi.ask(&structure(MUT)).await.assert_ko("10101", "réessayez plus tard");
    other.let_go().await;
    oi.ask(&structure(MUT)).await.assert("OK");
}

#[tokio::test]
async fn code_10200_for_a_request_that_takes_too_long() {
    let setup =
        Setup::config("[server]\nrequest_deadline_ms = 300\n[networks]\nask_deadline_ms = 250");
    let oi = setup.start().await;
    // Somebody holds the database for writing: the audit row has to wait.
    let other = oi.beside().await;
    other.hold().await;
    let reply = oi.ask(&structure(MUT)).await;
    reply.assert_ko("10200", "getReprovisionning");
    let put = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    put.assert("10200");
    other.let_go().await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_just_in_time_is_told_as_accepted() {
    let setup =
        Setup::config("[server]\nrequest_deadline_ms = 300\n[networks]\nask_deadline_ms = 250");
    let oi = setup.start().await;
    let other = oi.beside().await;
    other.hold().await;
    // The deadline passes while the acceptance waits; it is committed before the late answer is.
    let put = Put::new(MUT, "CTP-1240357-1").body();
    let (reply, ()) = tokio::join!(oi.ask(&put), async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        other.let_go().await;
    });
    if oi.store().is_remote() && reply.outcome() == "10200" {
        // PostgreSQL let the late answer pass first: then nothing was accepted, nor will be.
        oi.ask(&get(MUT)).await.assert("20014");
        assert_eq!(oi.audited().await[0].code, Some(10200));
        return;
    }
    assert!(reply.assert("OK").text("codeDecharge").is_some());
    assert_eq!(oi.audited().await[0].code, None);
}

#[tokio::test]
async fn code_20000_for_an_inventory_that_contradicts_itself() {
    let oi = Oi::demo().await;
    let contradicted = "UPDATE contract SET fibre_id = NULL WHERE ref = 'DEMO-ZMD'";
    oi.beside().await.run(contradicted).await;
    oi.ask(&structure("DEMO-ZMD")).await.assert("OK");
    let reply = oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await;
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
    let config = "[networks]\nask_deadline_ms = 600\n[server]\nrequests_at_once_max = 1";
    let oi = Setup::config(config).start().await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let (first, shed) = tokio::join!(oi.ask(&put), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(oi.fetch(&format!("{}?wsdl", oi.url())).await.status, 200);
        oi.ask(&structure(MUT)).await
    });
    first.assert("20010");
    assert_eq!((shed.status, shed.header("retry-after")), (500, Some("5")));
    assert_eq!(shed.text("codeErreur").as_deref(), Some("20004"));
    oi.ask(&structure(MUT)).await.assert("OK");
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
