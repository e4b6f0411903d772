//! The administration, as the OI's people use it: the program itself, beside a running server.

use std::{
    fs::{self, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::PathBuf,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Process, Put, basic, demo_config, envelope, eventually, failed, free_port, get,
    import_demo, printed, program, run, run_with_input, structure,
};

/// A demo server, its administration, and a caller.
struct House {
    folder: TempDir,
    process: Process,
    caller: Caller,
}

impl House {
    fn demo() -> Self {
        let folder = TempDir::new().unwrap();
        let process = Process::demo(folder.path());
        Self { folder, process, caller: Caller::new() }
    }

    fn config(&self) -> PathBuf {
        demo_config(self.folder.path())
    }

    fn admin(&self, arguments: &[&str]) -> std::process::Output {
        let config = self.config();
        run(&[&["--config", config.to_str().unwrap()], arguments].concat())
    }

    #[track_caller]
    fn table(&self, arguments: &[&str]) -> String {
        printed(&self.admin(arguments))
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&printed(&self.admin(&[&["--json"], arguments].concat()))).unwrap()
    }

    async fn ask(&self, login: &str, password: &str, question: &str) -> crate::harness::Reply {
        let login = basic(login, password);
        let headers = [("authorization", login.as_str())];
        self.caller.post(&self.process.url, &envelope(question), &headers).await
    }
}

#[tokio::test]
async fn an_operator_from_its_first_login_to_its_last() {
    let house = House::demo();
    let added =
        house.json(&["operator", "add", "oc-nouveau", "--name", "OC Nouveau", "--quota", "3"]);
    let password = added["password"].as_str().unwrap().to_owned();
    assert!(password.len() >= 16);
    let ask = async |password: &str| house.ask("oc-nouveau", password, &structure(MUT)).await;
    ask(&password).await.assert("20019");
    let twice = house.admin(&["operator", "add", "oc-nouveau"]);
    assert!(failed(&twice, 4).contains("the login oc-nouveau is taken"));
    let named = house.admin(&["operator", "add", "oc-autre-2", "--name", "OC Nouveau"]);
    assert!(failed(&named, 4).contains("another operator is called OC Nouveau"));
    let renamed = house.admin(&["operator", "set", "oc-demo", "--name", "OC Nouveau"]);
    assert!(failed(&renamed, 4).contains("another operator is called OC Nouveau"));

    let config = house.config();
    let passwd = [
        "--config",
        config.to_str().unwrap(),
        "operator",
        "passwd",
        "oc-nouveau",
        "--password-stdin",
    ];
    printed(&run_with_input(&passwd, "un mot de passe\n"));
    ask(&password).await.assert("10000");
    ask("un mot de passe").await.assert("20019");

    house.table(&["operator", "set", "oc-nouveau", "--quota", "2", "--sessions", "1"]);
    ask("un mot de passe").await.assert("20016");
    house.table(&["operator", "set", "oc-nouveau", "--quota", "profile", "--profile", "none"]);
    ask("un mot de passe").await.assert("20020");
    house.table(&["operator", "disable", "oc-nouveau"]);
    ask("un mot de passe").await.assert("10000");
    let shown = house.json(&["operator", "show", "oc-nouveau"]);
    assert_eq!(shown["disabled"], true);
    assert_eq!(shown["quota"], Value::Null);
    house.table(&["operator", "enable", "oc-nouveau"]);
    ask("un mot de passe").await.assert("20020");

    let list = house.table(&["operator", "list"]);
    assert!(list.starts_with("LOGIN "), "{list}");
    let lines: Vec<_> = list.lines().collect();
    assert_eq!(lines.len(), 1 + 5 + 1, "{list}");
    assert!(lines[6].starts_with("oc-nouveau"), "{list}");
    // Who did what, without a password anywhere.
    let acts = house.table(&["audit", "--acts"]);
    let me = std::process::Command::new("id").arg("-un").output().unwrap().stdout;
    let mine = format!("{}  operator ", String::from_utf8(me).unwrap().trim());
    assert_eq!(acts.matches(&mine).count(), 6, "{acts}");
    assert!(acts.contains("operator passwd") && !acts.contains("mot de passe"), "{acts}");
}

#[test]
fn mistakes_are_told_with_a_hint_and_an_exit_code() {
    let house = House::demo();
    for (arguments, code, said) in [
        (&["operator", "show", "nobody"][..], 3, "hint:  `ereprovd operator list`"),
        (&["operator", "add", "a:b"], 2, "letters, digits"),
        (&["operator", "add", "x", "--profile", "OCC"], 2, "there is LECTURE, OC"),
        (&["operator", "set", "oc-demo"], 2, "nothing to change"),
        (&["operator", "set", "oc-demo", "--sessions", "0"], 2, "at least 1"),
        (&["operator", "set", "oc-demo", "--quota", "-1"], 2, "a whole number, or `profile`"),
        (&["fibre", "restore", "CTP-1", "--reason", "x\ny"], 2, "character U+000A at 2"),
        (&["reprovisioning", "show", "nothing"], 3, "no such re-provisioning"),
        (
            &["reprovisioning", "cancel", "ARA-502701", "--reason", "x"],
            4,
            "already ended: completed",
        ),
        (
            &["reprovisioning", "retry", "ARA-502701", "--reason", "x"],
            4,
            "already ended: completed",
        ),
        (&["fibre", "show", "CTP-0"], 3, "no fibre is called CTP-0"),
        (&["fibre", "restore", "CTP-1240357-1", "--reason", "x"], 4, "not out of service"),
        (&["service", "close", "--reason", "x", "--until", "hier"], 2, "not a time"),
        (&["service", "close", "--reason", "x", "--until", "2020-01-01"], 2, "is past"),
        (&["usage", "--month", "novembre"], 2, "not a month"),
        (&["audit", "--code", "vingt"], 2, "not a code"),
        (&["audit", "--limit", "0"], 2, "0 is not in 1.."),
        (&["reprovisioning", "list", "--limit", "0"], 2, "0 is not in 1.."),
        (&["audit", "--operator", "nobody"], 3, "no operator"),
        (&["audit", "--since", "jamais"], 2, "not a time"),
        (&["import", "/nowhere"], 1, "No such file"),
    ] {
        let told = failed(&house.admin(arguments), code);
        assert!(told.contains(said), "{arguments:?}: {told}");
        assert!(told.starts_with("error: "), "{told}");
    }
    let usage = run(&["reprovisioning", "cancel", "x"]);
    assert!(failed(&usage, 2).contains("--reason"), "a reason is asked for");
}

#[tokio::test]
async fn closing_takes_effect_at_once_in_a_running_server() {
    let house = House::demo();
    house.ask("oc-demo", "oc-demo", &structure(MUT)).await.assert("OK");
    let told = house.table(&[
        "service",
        "close",
        "--reason",
        "Bascule du SI",
        "--until",
        "2040-01-01T06:00",
    ]);
    assert!(told.contains("closed") && told.contains("2040-01-01T06:00:00+01:00"), "{told}");
    let closed = house.ask("oc-demo", "oc-demo", &structure(MUT)).await;
    closed.assert_ko("-1", "réouverture prévue le 01/01/2040 à 06:00 ; Bascule du SI");
    assert_eq!(house.json(&["service", "status"])["open"], false);
    house.table(&["service", "open"]);
    house.ask("oc-demo", "oc-demo", &structure(MUT)).await.assert("OK");
    let rows = house.json(&["audit", "--code", "-1"]);
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn re_provisionings_and_fibres_by_hand() {
    let house = House::demo();
    let ask = async |question: &str| house.ask("oc-demo", "oc-demo", question).await;
    // DEMO-LENT stays "En cours" for a minute.
    let accepted = ask(&Put::new("DEMO-LENT", "CTP-6000702-1").body()).await;
    accepted.assert("OK");
    let code = accepted.text("codeDecharge").unwrap();
    eventually("En cours", async || {
        let state = ask(&get("DEMO-LENT")).await.attributes("reprovisionning", "statut");
        (state == ["En cours"]).then_some(())
    })
    .await;
    ask(&Put::new("DEMO-LENT", "CTP-6000703-1").body()).await.assert("20012");
    // One is named by its discharge code, its contract or its id.
    let shown = house.json(&["reprovisioning", "show", &code]);
    assert_eq!(shown["contract"], "DEMO-LENT");
    assert_eq!(shown["state"], "in_progress");
    for filter in [&["--state", "in_progress"][..], &["--state", "En cours"], &["--running"]] {
        let listed = house.table(&[&["reprovisioning", "list"], filter].concat());
        assert!(listed.contains("Fibre cassée") && listed.contains("En cours"), "{listed}");
        assert!(!listed.contains("ARA-502701"), "that one has ended: {listed}");
    }
    let typed = house.json(&["reprovisioning", "show", &code.to_lowercase()]);
    assert_eq!(typed["id"], shown["id"]);
    let held = house.table(&["fibre", "show", "CTP-6000702-1"]);
    assert!(held.contains("reserved, held by DEMO-LENT"), "{held}");
    let held = house.json(&["fibre", "show", "CTP-6000702-1"]);
    assert_eq!((&held["contract"], &held["floor"]), (&"DEMO-LENT".into(), &"ETAGE-00".into()));

    let cancelled = house.table(&["reprovisioning", "cancel", "DEMO-LENT", "--reason", "doublon"]);
    assert!(cancelled.contains("Annulé") && cancelled.contains("doublon"), "{cancelled}");
    assert_eq!(ask(&get("DEMO-LENT")).await.attributes("reprovisionning", "statut"), ["Annulé"]);
    assert_eq!(house.json(&["fibre", "show", "CTP-6000702-1"])["contract"], Value::Null);
    let retried = house.json(&["reprovisioning", "retry", &code, "--reason", "à refaire"]);
    assert_eq!((&retried["attempt"], &retried["previous"]), (&Value::from(2), &shown["id"]));
    assert_eq!(retried["discharge_code"], code);
    let again = house.admin(&["reprovisioning", "retry", &code, "--reason", "encore"]);
    assert!(failed(&again, 4).contains("still running"));
    house.table(&["reprovisioning", "cancel", &code, "--reason", "fini"]);

    // The old route of a broken fibre is out of service until somebody says so.
    ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    eventually("Terminé", async || {
        let state = ask(&get(MUT)).await.attributes("reprovisionning", "statut");
        (state == ["Terminé"]).then_some(())
    })
    .await;
    assert!(house.table(&["fibre", "show", "CTP-1240332-1"]).contains("out of service"));
    ask(&Put::new(MUT, "CTP-1240332-1").body()).await.assert_ko("20015", "Occupé");
    house.table(&["fibre", "restore", "CTP-1240332-1", "--reason", "soudure refaite"]);
    let put = Put::new(MUT, "CTP-1240332-1").motif("PBO saturé");
    ask(&put.body()).await.assert("OK");

    let usage = house.json(&["usage"]);
    let demo = usage.as_array().unwrap().iter().find(|row| row["operator"] == "oc-demo").unwrap();
    let rows = house.json(&["audit", "--operator", "oc-demo", "--limit", "10000"]);
    assert_eq!(demo["used"], rows.as_array().unwrap().len());
    let acts = house.table(&["audit", "--acts"]);
    for reason in ["doublon", "à refaire", "fini", "soudure refaite"] {
        assert!(acts.contains(reason), "{acts}");
    }
}

#[tokio::test]
async fn the_real_service_starts_empty_with_its_own_configuration() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = folder.path().join("oi.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"https://ws.oi.example\"\n
         [database]\nurl = \"sqlite:data.db\"\n[telemetry]\nlisten = \"\"\nlog_format = \"json\"\n
         [profiles.LECTURE]\nmethods = [\"getRoSite\"]\nquota_per_month = 10\nsessions = 2\n"
    );
    fs::write(&config, text).unwrap();
    let at = config.to_str().unwrap();
    let checked = printed(&run(&["--config", at, "config", "check"]));
    assert!(checked.contains("https://ws.oi.example/hermesDeploiement/eReprov/2.0"), "{checked}");
    let early = run(&["--config", at, "operator", "list"]);
    assert!(failed(&early, 5).contains("no database at"));

    let process = Process::serve(&config, url.clone());
    let caller = Caller::new();
    caller.until_ready(&url).await;
    caller.ask(&url, &structure(MUT)).await.assert("10000");
    // Another one on the same file is refused: sessions are counted in memory.
    let second = fs::read_to_string(&config).unwrap().replace(&port.to_string(), "0");
    fs::write(folder.path().join("second.toml"), second).unwrap();
    let refused = run(&["serve", "--config", folder.path().join("second.toml").to_str().unwrap()]);
    assert!(failed(&refused, 1).contains("another ereprovd serves"));
    // Data comes in while it serves, twice without harm.
    import_demo(&config);
    caller.ask(&url, &structure(MUT)).await.assert("OK");
    let folder_of_demo = concat!(env!("CARGO_MANIFEST_DIR"), "/demo");
    let again = printed(&run(&["--config", at, "--json", "import", folder_of_demo]));
    let again: Value = serde_json::from_str(&again).unwrap();
    assert!(again["kinds"].as_array().unwrap().iter().all(|kind| kind["added"] == 0), "{again}");
    assert_eq!(process.terminate(), Some(0));
}

#[test]
fn the_demo_keeps_its_data_and_starts_over_when_told() {
    let folder = TempDir::new().unwrap();
    let at = folder.path().to_str().unwrap();
    let used = |process: &Process| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let reply = Caller::new().ask(&process.url, &structure(MUT)).await;
            reply.assert("OK").header("ratelimit").unwrap().to_owned()
        })
    };
    let first = Process::demo(folder.path());
    assert!(used(&first).contains("r=99999;"));
    let busy = run(&["demo", "--data-dir", at, "--reset", "--listen", "127.0.0.1:0"]);
    assert!(failed(&busy, 1).contains("another ereprovd serves"));
    assert_eq!(first.terminate(), Some(0));
    let again = Process::demo(folder.path());
    assert!(used(&again).contains("r=99998;"), "kept and used again");
    again.terminate();
    let reset = Process::demo_with(folder.path(), &["--reset"]);
    assert!(used(&reset).contains("r=99999;"), "started over");
    reset.terminate();
    // A folder that holds something else is left alone.
    let other = TempDir::new().unwrap();
    fs::write(other.path().join("ereprov.db"), "").unwrap();
    let refused = run(&["demo", "--data-dir", other.path().to_str().unwrap(), "--reset"]);
    assert!(failed(&refused, 1).contains("not a demo"));
}

#[test]
fn configurations_that_cannot_be_used_say_why() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("oi.toml");
    fs::write(&file, "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    let at = file.to_str().unwrap();
    let told = failed(&run(&["--config", at, "config", "check"]), 2);
    assert!(told.contains("unknown key server.lisen; did you mean server.listen?"), "{told}");
    let told = failed(&run(&["--config", "/nowhere.toml", "serve"]), 2);
    assert!(told.contains("/nowhere.toml"), "{told}");
    let default = printed(&run(&["config", "default"]));
    fs::write(&file, default).unwrap();
    printed(&run(&["--config", at, "config", "check"]));
}

#[test]
fn secrets_that_others_may_read_are_doubted() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str, text: &str, mode: u32| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    place("certificate.pem", &made.cert.pem(), 0o644);
    let key = made.signing_key.serialize_pem();
    let text = "[tls]\ncertificate_file = \"certificate.pem\"\nkey_file = \"key.pem\"\n
                [database]\nurl = \"postgres://ereprov:secret@db.example/ereprov\"";
    let at = folder.path().join("oi.toml");
    let doubts = |key_mode: u32, config_mode: u32| {
        place("key.pem", &key, key_mode);
        place("oi.toml", text, config_mode);
        let checked = run(&["--config", at.to_str().unwrap(), "config", "check"]);
        assert!(checked.status.success());
        let said = String::from_utf8(checked.stderr).unwrap();
        assert!(!said.contains("secret"), "{said}");
        ["tls.key_file", "the database's password"].map(|doubt| said.contains(doubt))
    };
    assert_eq!(doubts(0o600, 0o600), [false, false]);
    assert_eq!(doubts(0o640, 0o600), [true, false]);
    assert_eq!(doubts(0o400, 0o604), [false, true]);
}

#[test]
fn the_environment_has_no_say_in_a_demo_and_may_hold_anything() {
    let folder = TempDir::new().unwrap();
    let production = folder.path().join("production.db");
    let url = format!("sqlite:{}", production.display());
    let demo = folder.path().join("demo");
    let set = [("EREPROV_DATABASE_URL", url.as_str()), ("EREPROV_SERVER_LISTEN", "127.0.0.1:1")];
    let process = Process::demo_in(&demo, &[], &set);
    assert!(!process.url.contains("127.0.0.1:1/"), "{}", process.url);
    process.terminate();
    assert!(!production.exists(), "the demo's logins go into the demo's database only");
    let refused = program(&["demo"]).env("EREPROV_CONFIG", "/etc/oi.toml").output().unwrap();
    assert!(failed(&refused, 2).contains("without --config and EREPROV_CONFIG"));
    let checked = program(&["config", "check"])
        .env("FOREIGN", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .unwrap();
    printed(&checked);
}

#[test]
fn the_administration_reads_while_somebody_writes() {
    let house = House::demo();
    let other = rusqlite::Connection::open(house.folder.path().join("ereprov.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(house.table(&["operator", "list"]).contains("oc-demo"));
    let checked = house.json(&["config", "check"]);
    assert!(checked["database"].as_str().unwrap().ends_with("ereprov.db"), "{checked}");
}
