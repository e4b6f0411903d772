//! What is printed where: forms for programs, traces, colours, languages.

use std::process::Command;

use crate::harness::{MUT, Oi, User};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_csv_and_the_service_s_own_xml() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let csv = user.run(&["structure", MUT, "--output", "csv", "--lang", "fr"]).await;
    let mut lines = csv.out.lines();
    assert_eq!(lines.next(), Some("building,staircase,floor,pbos,pto,construction,usage"));
    let first = "BATIMENT-1,ESCALIER-44,ETAGE-06,BE-03,CTP-1240329-1,built,available";
    assert_eq!((lines.next(), &*csv.err), (Some(first), ""));

    let xml = user.run(&["structure", MUT, "--output", "xml"]).await;
    assert!(xml.out.contains("getSiteStructureResponse"), "{xml:?}");
    let ko = user.run(&["status", MUT, "--output", "xml"]).await;
    assert!(ko.out.contains("<codeErreur>20014</codeErreur>") && ko.exit == 5, "{ko:?}");
}

#[tokio::test]
async fn what_no_answer_says_is_not_printed_as_xml() {
    let user = User::new();
    // Nobody is asked for it either: there is no service.
    user.add("oc", "http://127.0.0.1:1/", "oc", &[]).await;
    for command in [
        &["explain", "20015"][..],
        &["doctor"],
        &["status"],
        &["profile", "list"],
        &["profile", "show"],
        &["portal", "journal"],
        &["portal", "technician", "list"],
    ] {
        let said = user.run(&[command, &["--output", "xml"]].concat()).await;
        assert_eq!((said.exit, &*said.out), (2, ""), "{command:?}: {said:?}");
        assert!(said.err.contains("--output json"), "{command:?}: {said:?}");
    }
    let said = user.run(&["explain", "--output", "xml", "--lang", "fr"]).await;
    assert!(said.err.contains("une réponse du service, et ceci n'en est pas une"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_shows_everything_but_the_password() {
    let oi = Oi::demo().await;
    let user = User::new();
    for (name, more) in [("basic", &[][..]), ("wsse", &["--security", "username-token"])] {
        let secret = "s3cret-d3mo";
        let add = ["profile", "add", name, "--url", &oi.url(), "--login", "oc-demo"];
        let add = [&add[..], &["--password-stdin"], more].concat();
        assert_eq!(user.say(&add, secret, &[]).await.exit, 0);
        let said = user.run(&["structure", MUT, "--profile", name, "--trace"]).await;
        assert!(said.err.contains("> POST getSiteStructure"), "{said:?}");
        assert!(said.err.contains("codeErreur>10000<") && said.err.contains("***"), "{said:?}");
        let put = ["reprovision", MUT, "--fibre", "F", "--reason", "no-signal", "--dry-run"];
        let dry = user.run(&[&put[..], &["--profile", name]].concat()).await;
        assert!(dry.out.contains("<referenceFibre>F</referenceFibre>"), "{dry:?}");
        let all = said.out + &said.err + &dry.out + &dry.err;
        assert!(!all.contains(secret) && !all.contains("b2MtZGVtbzpz"), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminals_get_colours_unless_somebody_says_no() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let seen = |more: &str, set: &[(&str, &str)]| {
        let program = env!("CARGO_BIN_EXE_ereprov");
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{program} routes {MUT} {more}"), "/dev/null"]);
        command.env("HOME", user.home()).env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(set.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let chip = "\u{1b}[48;5;28;38;5;231m Vert \u{1b}[0m";
    let coloured = seen("", &[]);
    assert!(coloured.contains(chip), "{coloured}");
    for plain in
        [seen("--no-color", &[]), seen("", &[("NO_COLOR", "1")]), seen("", &[("TERM", "dumb")])]
    {
        assert!(plain.contains("Vert") && !plain.contains('\u{1b}'), "{plain}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn french_is_spoken_where_it_is_asked_for() {
    let oi = Oi::demo().await;
    let user = User::of(&oi, "oc-demo").await;
    let locale = [("LANG", "fr_FR.UTF-8")];
    let said = user.say(&["structure", MUT], "", &locale).await;
    assert!(said.out.starts_with("bâtiment") && said.out.contains("A construire"), "{said:?}");
    assert!(said.err.contains("1 sur 100000"), "{said:?}");
    let said = user.run(&["status", "DEMO-AUTRE-OC", "--lang", "fr"]).await;
    assert!(said.err.starts_with("erreur: ") && said.err.contains("conseil: "), "{said:?}");
    let said = user.say(&["status", "DEMO-AUTRE-OC", "--lang", "en"], "", &locale).await;
    assert!(said.err.starts_with("error: ") && said.err.contains("hint: "), "{said:?}");
}

#[tokio::test]
async fn all_26_codes_are_explained_without_a_service() {
    let user = User::new();
    let all = user.json(&["explain"]).await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 26);
    for code in all {
        let number = code["code"].to_string();
        let label = code["label"].as_str().unwrap();
        for (lang, title) in [("en", "what to do"), ("fr", "que faire")] {
            let said = user.run(&["explain", &number, "--lang", lang]).await;
            assert_eq!((said.exit, &*said.err), (0, ""), "{number}");
            assert!(said.out.contains(label) && said.out.contains(title), "{said:?}");
        }
    }
    assert_eq!(user.run(&["explain", "20013"]).await.exit, 5);
    let routes = user.run(&["explain", "20005", "--method", "getRoSite"]).await.out;
    assert_ne!(user.run(&["explain", "20005"]).await.out, routes);
}
