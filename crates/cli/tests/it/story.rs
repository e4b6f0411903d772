//! The whole story, as a technician's helper lives it.

use crate::harness::{MUT, Oi, User};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_site_to_the_new_fibre() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;

    let structure = user.run(&["structure", MUT]).await;
    assert_eq!(structure.exit, 0, "{structure:?}");
    assert!(structure.out.contains("ETAGE-15"), "{}", structure.out);
    assert!(structure.out.ends_with("site SC-423361\n"), "{}", structure.out);
    assert_eq!(structure.err, "1 of 100000 calls of this month are used\n");

    let floor = ["--building", "BATIMENT-1", "--staircase", "ESCALIER-44", "--floor", "ETAGE-15"];
    let mut routes = vec!["routes", MUT];
    routes.extend(floor);
    let read = user.run(&routes).await;
    let line = read.out.lines().find(|line| line.contains("CTP-1240357-1")).unwrap();
    assert!(line.contains("built") && line.contains("available"), "{line}");
    assert!(!read.out.contains('\u{1b}'), "a pipe has no colours: {}", read.out);

    routes.extend(["--reason", "broken-fibre", "--zone", "ztd", "--building-kind", "collective"]);
    routes.extend(["--route", "real", "--existing-socket", "no", "--opac", "no"]);
    routes.extend(["--order-pbo", "BE-03", "--current-fibre", "CTP-1240332-1"]);
    let read = user.json(&routes).await;
    let fibres = read["fibres"].as_array().unwrap();
    let verdict = |name: &str| {
        let fibre = fibres.iter().find(|fibre| fibre["fibre"] == name).unwrap();
        fibre["check"]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("CTP-1240358-1"), "refused");
    assert_eq!(read["answer"]["usage"]["used"], 3);

    let put = ["reprovision", MUT, "--fibre", "CTP-1240357-1", "--reason", "Fibre cassée"];
    let mut dry = put.to_vec();
    dry.push("--dry-run");
    let shown = user.run(&dry).await;
    assert!(shown.out.contains("<referenceFibre>CTP-1240357-1</referenceFibre>"), "{shown:?}");
    assert!(shown.err.contains("nothing was sent"), "{shown:?}");

    let accepted = user.json(&put).await;
    let code = accepted["discharge_code"].as_str().unwrap();
    assert!(code.len() >= 12, "{accepted}");
    assert_eq!(accepted["fibre"], "CTP-1240357-1");
    assert_eq!(accepted["usage"]["used"], 4, "a dry run is no call");

    let again =
        user.run(&["reprovision", MUT, "--fibre", "CTP-1240446-1", "--reason", "no-signal"]);
    let again = again.await;
    assert_eq!(again.exit, 6, "{again:?}");
    assert!(again.err.contains("20012"), "{again:?}");

    let followed = user.run(&["follow", MUT, "--wait", "1,3,4,10"]).await;
    assert_eq!(followed.exit, 0, "{followed:?}");
    assert!(followed.err.contains("completed"), "{followed:?}");
    let status = user.json(&["status", MUT]).await;
    assert_eq!(status["state"], "completed");
    assert_eq!(status["route"]["fibre"], "CTP-1240357-1");

    let none = user.json(&["status"]).await;
    assert_eq!(none["unsettled"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_its_exit_code_and_its_advice() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let read_only = User::of(&oi, "oc-lecture").await;
    let nobody = User::of(&oi, "oc-inconnu").await;
    let limited = User::of(&oi, "oc-quota").await;

    let said = nobody.run(&["status", MUT]).await;
    assert_eq!(said.exit, 4, "{said:?}");
    assert!(said.err.starts_with("error: getReprovisionning 10000"), "{said:?}");
    assert!(said.err.contains("ereprov explain 10000"), "{said:?}");

    let said = user.run(&["status", "DEMO-AUTRE-OC"]).await;
    assert_eq!(said.exit, 5, "{said:?}");
    let said = user.run(&["status", MUT, "--output", "json"]).await;
    assert_eq!((said.exit, &*said.out), (5, ""), "{said:?}");
    let error: serde_json::Value = serde_json::from_str(&said.err).unwrap();
    assert_eq!(error["error"]["code"], "20014");
    assert_eq!(error["error"]["exit"], 5);

    let put =
        |contract, fibre| ["reprovision", contract, "--fibre", fibre, "--reason", "no-signal"];
    let said = read_only.run(&put("DEMO-LECTURE", "CTP-6001302-1")).await;
    assert_eq!(said.exit, 4, "{said:?}");
    let said = user.run(&put("DEMO-CONTRAT-INVALIDE", "CTP-6001802-1")).await;
    assert_eq!(said.exit, 5, "{said:?}");
    let said = user.run(&put("DEMO-COMMANDE-INVALIDE", "CTP-6001802-1")).await;
    assert_eq!(said.exit, 9, "{said:?}");
    let said = user.run(&put("DEMO-SIMPLE", "CTP-6002105-1")).await;
    assert_eq!(said.exit, 9, "{said:?}");
    let said = user.run(&put("DEMO-20009", "CTP-6000902-1")).await;
    assert_eq!(said.exit, 6, "{said:?}");

    for _ in 0..5 {
        limited.run(&["structure", "DEMO-QUOTA"]).await;
    }
    let said = limited.run(&["structure", "DEMO-QUOTA"]).await;
    assert_eq!(said.exit, 7, "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_rules_refuse_is_not_sent() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let put = ["reprovision", "DEMO-SIMPLE", "--fibre", "CTP-6002103-1", "--reason", "PTO erronée"];
    let mut put = put.to_vec();
    put.push("--keep-pto");
    let said = user.run(&put).await;
    assert_eq!((said.exit, &*said.out), (9, ""), "{said:?}");
    assert!(said.err.contains("refused before anything was sent"), "{said:?}");
    assert_eq!(user.json(&["status"]).await["usage"]["used"], 0);

    put.push("--unchecked");
    let said = user.run(&put).await;
    assert_eq!(said.exit, 9, "{said:?}");
    assert!(said.err.starts_with("error: putReprovisionning 20015"), "{said:?}");

    let said = user.run(&["routes", MUT, "--reason", "Fibre casée"]).await;
    assert_eq!(said.exit, 2, "{said:?}");
    assert!(said.err.contains("Fibre cassée"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_re_provisioning_that_fails_is_a_failure() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let put = ["reprovision", "DEMO-ECHEC", "--fibre", "CTP-6000602-1", "--reason", "no-signal"];
    let mut put = put.to_vec();
    put.extend(["--follow", "--wait", "2,4,4"]);
    let said = user.run(&put).await;
    assert_eq!(said.exit, 1, "{said:?}");
    assert!(said.err.contains("the re-provisioning has ended: failed"), "{said:?}");

    let put = ["reprovision", "DEMO-LENT", "--fibre", "CTP-6000702-1", "--reason", "no-signal"];
    let mut put = put.to_vec();
    put.extend(["--follow", "--wait", "0"]);
    let said = user.run(&put).await;
    assert_eq!(said.exit, 6, "{said:?}");
    assert!(said.err.contains("it has not ended yet"), "{said:?}");
}
