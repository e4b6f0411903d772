//! Help texts are a contract with people and scripts: they change on purpose only. After a change on
//! purpose, `UPDATE_HELP=1 cargo test -p ereprov-cli` writes the files anew; read them before you keep them.

use std::{fs, path::Path};

use crate::harness::User;

const PAGES: [&[&str]; 16] = [
    &[],
    &["structure"],
    &["routes"],
    &["reprovision"],
    &["status"],
    &["follow"],
    &["explain"],
    &["doctor"],
    &["profile"],
    &["profile", "add"],
    &["profile", "list"],
    &["profile", "show"],
    &["profile", "use"],
    &["profile", "remove"],
    &["completions"],
    &["man"],
];

#[tokio::test]
async fn help_is_frozen() {
    let user = User::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/help");
    let updates = std::env::var_os("UPDATE_HELP").is_some();
    let mut changed = Vec::new();
    for page in PAGES {
        let said = user.run(&[page, &["--help"]].concat()).await;
        assert_eq!((said.exit, &*said.err), (0, ""), "{page:?}");
        let name = if page.is_empty() { "ereprov".to_owned() } else { page.join("-") };
        let file = folder.join(format!("{name}.txt"));
        let lines: Vec<_> = said.out.lines().map(str::trim_end).collect();
        let now = lines.join("\n") + "\n";
        if updates {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, now).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != now {
            changed.push(name);
        }
    }
    assert!(changed.is_empty(), "not what the files of tests/it/help say: {changed:?}");
}

#[tokio::test]
async fn wrong_arguments_are_told_with_exit_code_2() {
    let user = User::new();
    for arguments in [
        &["nothing"][..],
        &["structure"],
        &["routes", "C", "--building", "B"],
        &["routes", "C", "--keep-pto"],
        &["routes", "C", "--zone", "zzz"],
        &["status", "--settle"],
        &["follow", "C", "--wait", "x"],
        &["explain", "20015", "--method", "getNothing"],
        &["profile", "add", "a/b", "--url", "u", "--login", "l"],
        &["reprovision", "C", "--fibre", "F", "--reason", "whim"],
    ] {
        let said = user.run(arguments).await;
        assert_eq!((said.exit, &*said.out), (2, ""), "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("error: "), "{said:?}");
    }
}

#[tokio::test]
async fn completions_and_manual_pages_are_for_every_command() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = user.run(&["completions", shell]).await;
        assert_eq!(said.exit, 0);
        for word in ["reprovision", "doctor", "keep-pto"] {
            assert!(said.out.contains(word), "{shell}: {word}");
        }
    }
    let folder = user.home().join("man");
    assert_eq!(user.run(&["man", folder.to_str().unwrap()]).await.exit, 0);
    for page in PAGES {
        let name = [&["ereprov"], page].concat().join("-");
        let text = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{name}");
    }
}
