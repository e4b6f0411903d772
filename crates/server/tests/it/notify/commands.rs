//! Where operators are told, at the keyboard.

use crate::{
    harness::{
        MUT, Put, Role, Setup, failed, fibre, printed,
        receiver::{Behaviour, SECRET},
    },
    notify::rig::Rig,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused_at_once() {
    let rig = Rig::start(Setup::default()).await;
    let webhook = |settings: &str, url: &str, input: &str| {
        let command = ["operator", "notify", "webhook", "oc-demo", url, "--secret-stdin"];
        rig.oi.administer(settings, &command, input)
    };
    let own = &rig.settings;
    let strict = own.replace("\"127.0.0.0/8\"", "");
    for (settings, url, input, code, said) in [
        (own, "http://oc.example/", SECRET, 2, "https:// is expected"),
        (own, "https://u:p@oc.example/", SECRET, 2, "holds a login"),
        (own, "https://169.254.169.254/", SECRET, 2, "this machine or its link"),
        (&strict, "https://127.0.0.1/", SECRET, 2, "this machine or its link"),
        (own, "https://oc.example/", "whsec_AAAA", 2, "24 to 64 bytes"),
        (&String::new(), "https://oc.example/", SECRET, 4, "no key to seal it"),
        (&own.replace("receivers", "missing"), "https://oc.example/", SECRET, 2, "missing.pem"),
    ] {
        let said_it = failed(&webhook(settings, url, input), code);
        assert!(said_it.contains(said), "{url}: {said_it}");
        assert!(!said_it.contains("c2VjcmV0"), "{said_it}");
    }
    let unknown = ["operator", "notify", "folder", "oc-nobody", "/tmp"];
    assert!(failed(&rig.administer(&unknown, ""), 3).contains("no operator has the login"));
    let folder = rig.folder("oc-demo");
    let taken = ["operator", "notify", "folder", "oc-autre", folder.to_str().unwrap()];
    assert!(failed(&rig.administer(&taken, ""), 4).contains("is the folder of oc-demo"));
    let relative = ["operator", "notify", "folder", "oc-autre", "drop"];
    assert!(failed(&rig.administer(&relative, ""), 2).contains("from the root"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_shown_once_and_follows_the_keys() {
    let rig = Rig::start(Setup::default()).await;
    let url = "https://oc.example/notifs?token=abc";
    let webhook = |more: &[&str]| {
        let command = ["operator", "notify", "webhook", "oc-demo", url];
        printed(&rig.administer(&[&command, more].concat(), ""))
    };
    let shown = webhook(&[]);
    let secret = shown.split_whitespace().find(|word| word.starts_with("whsec_")).unwrap();
    assert!(!webhook(&[]).contains("whsec_"), "it stays, and is not shown again");
    let sealed = "SELECT secret FROM notify_target";
    let before = rig.oi.lines(sealed).await;
    printed(&rig.administer(&["secret-key", "add"], ""));
    printed(&rig.administer(&["secret-key", "reseal"], ""));
    assert_ne!(rig.oi.lines(sealed).await, before);
    let again = webhook(&["--new-secret"]);
    assert!(again.contains("whsec_") && !again.contains(secret));
    let acts = printed(&rig.administer(&["audit", "--acts"], ""));
    assert!(acts.contains("operator notify webhook") && acts.contains("oc.example"), "{acts}");
    assert!(!acts.contains("token=abc") && !acts.contains("whsec"), "{acts}");
    // Told no longer, what waits is given up.
    rig.moves(MUT, "CTP-1240357-1").await;
    let off = printed(&rig.administer(&["operator", "notify", "off", "oc-demo"], ""));
    assert!(off.contains("1 given up"), "{off}");
    let none = rig.administer(&["operator", "notify", "off", "oc-demo"], "");
    assert!(failed(&none, 3).contains("is not told so"));
    let shown = printed(&rig.administer(&["notification", "show", MUT], ""));
    assert!(shown.contains("dead") && shown.contains("told no longer"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layout_of_ones_own_is_tried_before_anything_is_told() {
    let rig = Rig::start(Setup::default()).await;
    let file = rig.oi.folder.path().join("own.csv");
    let settings = rig
        .settings
        .replace("[notify]", &format!("[notify]\nfolder_layout_file = \"{}\"", file.display()));
    let check = || rig.oi.administer(&settings, &["config", "check"], "");
    std::fs::write(&file, "{{ contrat }}").unwrap();
    assert!(failed(&check(), 2).contains("notify.folder_layout_file"));
    let own = printed(&rig.administer(&["notification", "layout", "folder"], ""));
    std::fs::write(&file, own).unwrap();
    printed(&check());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_since_a_time_is_listed_with_both_routes() {
    for on_postgres in [false, true] {
        let setup = Setup::slow();
        let setup = if on_postgres { setup.on_postgres().await } else { setup };
        let oi = setup.start().await;
        oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
        let failing = fibre("DEMO-ECHEC", Role::Free);
        oi.ask(&Put::new("DEMO-ECHEC", &failing).body()).await.assert("OK");
        oi.advance(2500).await;
        oi.advance(5500).await;
        oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await.assert("OK");
        let list = |more: &[&str]| {
            let command = ["reprovisioning", "export", "--since", "2026-11-23"];
            printed(&oi.administer("", &[&command, more].concat(), ""))
        };
        let text = list(&[]);
        let mut lines = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
        let header = lines.headers().unwrap().clone();
        let all: Vec<_> = lines.records().map(Result::unwrap).collect();
        // The demo's past one is older, and one runs.
        assert_eq!(all.len(), 2, "{text}");
        let line = all.iter().find(|line| line.iter().any(|value| value == MUT)).unwrap();
        let at = |name: &str| &line[header.iter().position(|known| known == name).unwrap()];
        assert_eq!(
            (at("state"), at("motif"), at("operator")),
            ("completed", "Fibre cassée", "oc-demo")
        );
        assert_eq!(
            (at("fibre"), at("pbo"), at("tube"), at("colour")),
            ("CTP-1240357-1", "BE-06", "Noir", "Jaune")
        );
        assert_eq!(
            (at("old_fibre"), at("old_pbo"), at("old_colour")),
            ("CTP-1240332-1", "BE-03", "Vert")
        );
        let job = oi.jobs().await.into_iter().find(|job| job.contract_ref == MUT).unwrap();
        assert_eq!((at("discharge_code"), at("id")), (&*job.discharge_code, &*job.id));
        let file = oi.folder.path().join("ended.csv");
        assert_eq!(list(&["--to", file.to_str().unwrap()]), "");
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_tried_out_without_a_re_provisioning() {
    let rig = Rig::start(Setup::default()).await;
    let nobody = failed(&rig.administer(&["operator", "notify", "test", "oc-demo"], ""), 3);
    assert!(nobody.contains("oc-demo is not told so"), "{nobody}");
    let (receiver, folder) = (rig.receiver("oc-demo", &[]).await, rig.folder("oc-demo"));
    let said = printed(&rig.administer(&["operator", "notify", "test", "oc-demo"], ""));
    assert_eq!(said, "oc-demo: told by its folder\noc-demo: told by its webhook\n");
    let told = receiver.told().remove(0);
    assert!(told.is_signed_with(SECRET));
    let event = told.json();
    assert_eq!(event["type"], "ereprov.reprovisioning.test");
    assert_eq!(
        (&event["subject"], &event["data"]["numeroDecharge"]),
        (&"TEST".into(), &"TEST".into())
    );
    let file = folder.read_dir().unwrap().next().unwrap().unwrap();
    assert!(file.file_name().to_str().unwrap().contains("_TEST-"), "{file:?}");
    receiver.next(&[Behaviour::Answers(401)]);
    let test = ["operator", "notify", "test", "oc-demo", "webhook"];
    let output = rig.administer(&test, "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said, "oc-demo: not told by its webhook: the server answered 401\n");
    assert!(failed(&output, 4).contains("1 of 1 addresses did not take the test"));
    // Nothing of it is in the outbox, nor repeated.
    assert_eq!(rig.oi.number("SELECT COUNT(*) FROM notification").await, 0);
    assert_eq!(rig.oi.number("SELECT COUNT(*) FROM notify_target WHERE failures > 0").await, 0);
    let acts = printed(&rig.administer(&["audit", "--acts"], ""));
    assert!(acts.contains("operator notify test"), "{acts}");
}
