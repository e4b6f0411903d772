//! `ereprov portal`: the program itself, from its first technician to its stop.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
};

use crate::harness::{Said, User};

const PASSWORD: &str = "quatre mots pris au hasard\n";

/// Somebody whose default profile leads nowhere: nothing here asks the service.
async fn user() -> User {
    let user = User::new();
    let said = user.add("oc", "http://127.0.0.1:1/", "oc-demo", &[]).await;
    assert_eq!(said.exit, 0, "{said:?}");
    user
}

async fn add(user: &User, login: &str, password: &str) -> Said {
    let add = ["portal", "technician", "add", login, "--name", "Jeanne Martin", "--password-stdin"];
    user.say(&add, password, &[]).await
}

#[tokio::test]
async fn technicians_are_added_listed_barred_and_given_passwords() {
    let user = user().await;
    let said = user.run(&["portal", "technician", "list", "--lang", "fr"]).await;
    assert_eq!((said.exit, said.out.trim()), (0, "il n'y a pas encore de technicien"), "{said:?}");
    assert_eq!(add(&user, "jeanne", PASSWORD).await.exit, 0);
    for (login, password, exit, told) in [
        ("jeanne", PASSWORD, 1, "jeanne is there already"),
        ("ali", "court\n", 2, "at least 12 characters"),
        ("ali", "", 2, "no password"),
        ("Ali Baba", PASSWORD, 2, "a login is"),
    ] {
        let said = add(&user, login, password).await;
        assert!(said.exit == exit && said.err.contains(told), "{login}: {said:?}");
    }
    let said = add(&user, "Paul", PASSWORD).await;
    assert!(
        said.exit == 0 && said.err.starts_with("paul may sign in (a login is kept"),
        "{said:?}"
    );
    assert_eq!(user.run(&["portal", "technician", "disable", "paul"]).await.exit, 0);
    let nobody = ["portal", "technician", "add", "ali", "--name", "Ali"];
    let said = user.run(&nobody).await;
    assert!(said.exit == 2 && said.err.contains("--password-stdin"), "{said:?}");

    let list = ["portal", "technician", "list"];
    assert_eq!(user.json(&list).await[0]["disabled"], false);
    assert_eq!(user.run(&["portal", "technician", "disable", "jeanne"]).await.exit, 0);
    let listed = user.json(&list).await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!((&listed[0]["login"], &listed[0]["disabled"]), (&"jeanne".into(), &true.into()));
    assert_eq!(listed[0]["signs_in_with"], "password");
    assert_eq!(user.run(&["portal", "technician", "enable", "jeanne"]).await.exit, 0);
    let other = ["portal", "technician", "password", "jeanne", "--password-stdin"];
    assert_eq!(user.say(&other, "un autre mot de passe\n", &[]).await.exit, 0);
    let said = user.run(&["portal", "technician", "disable", "ali"]).await;
    assert!(said.exit == 5 && said.err.contains("there is no technician ali"), "{said:?}");

    let said = user.run(&["portal", "journal", "--output", "json"]).await;
    let acts: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let acts: Vec<_> = acts.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(
        acts,
        [
            "compte-ajoute",
            "compte-ajoute",
            "compte-desactive",
            "compte-desactive",
            "compte-reactive",
            "compte-mot-de-passe"
        ]
    );
    let said = user.run(&["portal", "journal", "--output", "csv", "--to", "2020-01-01"]).await;
    assert_eq!(
        said.out.trim_end(),
        "at,login,name,act,contract,outcome,discharge_code,address,detail"
    );
    let folder = user.home().join(".local/state/ereprov/portal");
    let mode = fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_password_is_typed_twice_and_never_seen() {
    let user = user().await;
    let add = ["portal", "technician", "add", "ali", "--name", "Ali"];
    for (first, second, exit, told) in [
        (PASSWORD, "quelque chose d'autre\n", 2, "two passwords"),
        (PASSWORD, "\u{3}", 130, "interrupted"),
        (PASSWORD, PASSWORD, 0, "ali may sign in"),
    ] {
        let typed = [("Password: ", first), ("Again: ", second)];
        let (status, shown) = user.at_a_terminal(&add, &typed);
        assert_eq!(status, Some(exit), "{shown}");
        assert!(shown.contains(told) && !shown.contains(PASSWORD.trim_end()), "{shown}");
    }
}

#[tokio::test]
async fn it_is_not_reached_from_other_machines_without_tls() {
    let user = user().await;
    let file = user.home().join("portal.toml");
    let file = file.to_str().unwrap();
    for (arguments, settings, told) in [
        (&["--listen", "0.0.0.0:0"][..], "", "there is no TLS"),
        (
            &["--listen", "0.0.0.0:0", "--public-url", "http://fibre.oc.example"],
            "",
            "there is no TLS",
        ),
        (&["--listen", "127.0.0.1:0", "--public-url", "http://fibre.oc.example"], "", "plain HTTP"),
        (&["--listen", "127.0.0.1:0", "--public-url", "https://oc.example/a"], "", "no path"),
        (&["--certificate", "c", "--key", "k"], "", "--public-url is an https address"),
        (&["--listen", "127.0.0.1:0"], "accounts = false", "neither accounts nor OpenID"),
        (&["--listen", "127.0.0.1:0"], "acounts = false", "unknown field"),
        (&["--listen", "127.0.0.1:0"], "session_max_days = 0", "session_max_days"),
        (&["--listen", "127.0.0.1:0"], "trusted_proxies = ['0.0.0.0/0']", "trusts everybody"),
        (
            &["--listen", "127.0.0.1:0"],
            "[openid]\nissuer = 'http://idp.example'\nclient_id = 'a'",
            "no https address",
        ),
    ] {
        fs::write(file, settings).unwrap();
        let said = user.run(&[&["portal", "--config", file], arguments].concat()).await;
        assert!(said.exit == 2 && said.err.contains(told), "{arguments:?} {settings}: {said:?}");
    }
    let secret = user.home().join("secret");
    fs::write(&secret, "s3cret\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let settings = format!(
        "[openid]\nissuer = 'https://idp.example'\nclient_id = 'a'\nclient_secret_file = '{}'",
        secret.display()
    );
    fs::write(file, settings).unwrap();
    let said = user.run(&["portal", "--config", file, "--listen", "127.0.0.1:0"]).await;
    assert!(said.exit == 2 && said.err.contains("can be read by others"), "{said:?}");
    assert!(!said.err.contains("s3cret"));
}

#[tokio::test]
async fn it_serves_until_a_signal_and_then_ends_well() {
    let user = user().await;
    assert_eq!(add(&user, "jeanne", PASSWORD).await.exit, 0);
    let (mut child, address) = serve(&user);
    let page = get(&address, "/connexion");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("oc-demo") && page.contains("Se connecter"), "{page}");
    assert!(get(&address, "/").contains("location: /connexion"));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Starts it, and waits until it says where it is.
fn serve(user: &User) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ereprov"))
        .args(["portal", "--listen", "127.0.0.1:0"])
        .env_clear()
        .env("HOME", user.home())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut said).unwrap();
    let address = said.split("http://").nth(1).unwrap_or_else(|| panic!("{said}"));
    let address = address.split(' ').next().unwrap().to_owned();
    // What it says later has somewhere to go.
    std::thread::spawn(move || _ = err.read_to_string(&mut String::new()));
    (child, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
