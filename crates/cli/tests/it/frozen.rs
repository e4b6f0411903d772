//! Help texts are a contract with people and scripts: they change on purpose only. After a change on
//! purpose, `UPDATE_HELP=1 cargo test -p ereprov-cli` writes the files anew; read them before you keep them.

use std::{fs, path::Path};

use crate::harness::User;

const PAGES: [&[&str]; 24] = [
    &[],
    &["structure"],
    &["routes"],
    &["reprovision"],
    &["status"],
    &["follow"],
    &["explain"],
    &["doctor"],
    &["portal"],
    &["portal", "technician"],
    &["portal", "technician", "add"],
    &["portal", "technician", "list"],
    &["portal", "technician", "disable"],
    &["portal", "technician", "enable"],
    &["portal", "technician", "password"],
    &["portal", "journal"],
    &["profile"],
    &["profile", "add"],
    &["profile", "list"],
    &["profile", "show"],
    &["profile", "use"],
    &["profile", "remove"],
    &["completions"],
    &["man"],
];

/// The widest line of a help text, in characters.
const COLUMNS_MAX: usize = 100;

/// Holds every help text against the files of a folder, or writes them there; answers which have changed.
async fn changed(user: &User, folder: &Path, more: &[&str]) -> Vec<String> {
    let updates = std::env::var_os("UPDATE_HELP").is_some();
    let mut changed = Vec::new();
    for page in PAGES {
        let said = user.run(&[page, more, &["--help"]].concat()).await;
        assert_eq!((said.exit, &*said.err), (0, ""), "{page:?}");
        let name = if page.is_empty() { "ereprov".to_owned() } else { page.join("-") };
        let file = folder.join(format!("{name}.txt"));
        let lines: Vec<_> = said.out.lines().map(str::trim_end).collect();
        let wide = lines.iter().find(|line| line.chars().count() > COLUMNS_MAX);
        assert_eq!(wide, None, "{name}");
        let now = lines.join("\n") + "\n";
        if updates {
            fs::create_dir_all(folder).unwrap();
            fs::write(&file, now).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != now {
            changed.push(name);
        }
    }
    changed
}

#[tokio::test]
async fn help_is_frozen() {
    let user = User::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/help");
    for (folder, more) in [(folder.join("fr"), &["--lang", "fr"][..]), (folder, &[])] {
        let changed = changed(&user, &folder, more).await;
        assert!(changed.is_empty(), "not what the files of {} say: {changed:?}", folder.display());
    }
}

#[tokio::test]
async fn the_locale_s_language_is_the_help_s() {
    let user = User::new();
    let french = user.run(&["doctor", "--help", "--lang", "fr"]).await.out;
    assert!(french.contains("Se passer de l'identification"), "{french}");
    let locale = [("LANG", "fr_FR.UTF-8")];
    assert_eq!(user.say(&["doctor", "--help"], "", &locale).await.out, french);
    assert_eq!(user.say(&["help", "doctor"], "", &locale).await.out, french);
    let english = user.say(&["doctor", "--help", "--lang", "en"], "", &locale).await.out;
    assert!(english.contains("Leave out the login"), "{english}");
    let short = user.say(&["explain", "-h"], "", &locale).await.out;
    let short: Vec<_> = short.split_whitespace().collect();
    for told in ["[par défaut : putReprovisionning]", "[valeurs possibles : table, json, csv, xml]"]
    {
        assert!(short.join(" ").contains(told), "{told}: {short:?}");
    }
    // What is parsed is the same in every language.
    assert_eq!(user.say(&["explain", "20015"], "", &locale).await.exit, 0);
    assert_eq!(user.say(&["explain", "20015", "--lang", "xx"], "", &locale).await.exit, 2);
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
        &["portal", "nothing"],
        &["portal", "--certificate", "c"],
        &["portal", "technician", "add", "jeanne"],
        &["portal", "journal", "--from", "yesterday"],
        &["profile", "add", "a/b", "--url", "u", "--login", "l"],
        &["reprovision", "C", "--fibre", "F", "--reason", "whim"],
    ] {
        let said = user.run(arguments).await;
        assert_eq!((said.exit, &*said.out), (2, ""), "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("error: "), "{said:?}");
        let said = user.say(arguments, "", &[("LANG", "fr_FR.UTF-8")]).await;
        assert_eq!((said.exit, &*said.out), (2, ""), "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("erreur: ") && !said.err.contains("rror:"), "{said:?}");
    }
    for (arguments, told) in [
        (
            &["structure"][..],
            "erreur:  il manque <CONTRAT>\nconseil: ereprov structure <CONTRAT>\n",
        ),
        (&["struture"], "erreur:  struture n'est pas une commande\nconseil: structure\n"),
        (&["status", "--setle"], "erreur:  --setle n'est pas un argument\nconseil: --settle\n"),
        (
            &["doctor", "-o", "yaml"],
            "n'est pas une valeur de --output <FORMAT>\nconseil: table, json",
        ),
        (&["routes", "C", "--zone", "x"], "n'est pas une valeur de --zone <ztd|zmd>\ncause:"),
    ] {
        let said = user.say(arguments, "", &[("LANG", "fr_FR.UTF-8")]).await;
        assert!(said.err.contains(told), "{arguments:?}: {}", said.err);
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
    let pages = PAGES.map(|page| [&["ereprov"], page].concat().join("-") + ".1");
    for (lang, word) in [("en", "Never colours"), ("fr", "Jamais de couleurs")] {
        let folder = user.home().join(lang);
        let man = ["man", folder.to_str().unwrap(), "--lang", lang];
        assert_eq!(user.run(&man).await.exit, 0);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), pages.len());
        for name in &pages {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            assert!(text.contains(".SH SYNOPSIS") && text.contains(word), "{name}");
        }
    }
}
