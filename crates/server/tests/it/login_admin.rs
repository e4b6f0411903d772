//! Passwords and addresses, as the OI's people set them while the service runs.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Process, basic, demo_config, envelope, failed, printed, run, run_with_input,
    structure,
};

/// A demo server and its administration.
struct House {
    folder: TempDir,
    process: Process,
}

impl House {
    fn demo() -> Self {
        let folder = TempDir::new().unwrap();
        let process = Process::demo(folder.path());
        Self { folder, process }
    }

    fn operator(&self, arguments: &[&str], input: &str) -> Output {
        let config = demo_config(self.folder.path());
        let all = [&["--config", config.to_str().unwrap(), "operator"], arguments].concat();
        if input.is_empty() { run(&all) } else { run_with_input(&all, input) }
    }

    #[track_caller]
    fn shown(&self) -> Value {
        let shown = printed(&self.operator(&["--json", "show", "oc-demo"], ""));
        serde_json::from_str(&shown).unwrap()
    }

    async fn ask(&self, password: &str) -> String {
        let login = basic("oc-demo", password);
        let question = envelope(&structure(MUT));
        let headers = [("authorization", login.as_str())];
        Caller::new().post(&self.process.url, &question, &headers).await.outcome()
    }
}

#[tokio::test]
async fn a_password_is_replaced_while_the_old_one_goes_on() {
    let house = House::demo();
    let passwd = |arguments: &[&str], input: &str| {
        house.operator(&[&["passwd", "oc-demo"], arguments].concat(), input)
    };
    let kept = passwd(&["--keep-old-for", "7d", "--password-stdin"], "le second\n");
    let told = printed(&kept);
    assert!(told.starts_with("oc-demo: the password is set\n"), "{told}");
    let shown = house.shown();
    let until = shown["old_password_until"].as_str().unwrap();
    assert!(told.contains(&format!("The old password is accepted until {until}.")), "{told}");
    let list = printed(&house.operator(&["list"], ""));
    let mut lines = list.lines();
    assert!(lines.next().unwrap().contains("ADDRESSES  OLD PASSWORD UNTIL"), "{list}");
    let line = lines.find(|line| line.starts_with("oc-demo ")).unwrap();
    assert!(line.contains(until), "{list}");
    let sheet = printed(&house.operator(&["show", "oc-demo"], ""));
    assert!(sheet.contains(&format!("old password until  {until}")), "{sheet}");
    assert_eq!((house.ask("oc-demo").await, house.ask("le second").await), both("OK"));

    let ended = printed(&house.operator(&["set", "oc-demo", "--end-old-password"], ""));
    assert!(!ended.contains("old password"), "{ended}");
    assert_eq!(house.shown()["old_password_until"], Value::Null);
    assert_eq!(house.ask("oc-demo").await, "10000");
    assert_eq!(house.ask("le second").await, "OK");

    printed(&passwd(&["--keep-old-for", "12h", "--password-stdin"], "le troisième\n"));
    assert_eq!((house.ask("le second").await, house.ask("le troisième").await), both("OK"));
    // One that is made up is told, whatever becomes of the old one.
    let told = passwd(&["--keep-old-for", "0", "--json"], "");
    let told: Value = serde_json::from_str(&printed(&told)).unwrap();
    assert_eq!(told["old_password_until"], Value::Null);
    assert_eq!((house.ask("le second").await, house.ask("le troisième").await), both("10000"));
    assert_eq!(house.ask(told["password"].as_str().unwrap()).await, "OK");

    let config = demo_config(house.folder.path());
    let acts = printed(&run(&["--config", config.to_str().unwrap(), "audit", "--acts"]));
    assert!(acts.contains(&format!("the old password is accepted until {until}")), "{acts}");
    assert!(acts.contains("the old password is refused"), "{acts}");
    assert!(!acts.contains("le second") && !acts.contains("argon2"), "{acts}");
}

fn both(outcome: &str) -> (String, String) {
    (outcome.to_owned(), outcome.to_owned())
}

#[tokio::test]
async fn addresses_are_set_and_taken_away() {
    let house = House::demo();
    assert_eq!(house.shown()["addresses"], Value::Null);
    let set = |addresses: &str| house.operator(&["set", "oc-demo", "--addresses", addresses], "");
    let sheet = printed(&set("192.0.2.0/24, 2001:db8::/32"));
    assert!(sheet.contains("192.0.2.0/24,2001:db8::/32"), "{sheet}");
    assert_eq!(house.shown()["addresses"], serde_json::json!(["192.0.2.0/24", "2001:db8::/32"]));
    assert_eq!(house.ask("oc-demo").await, "10000");
    printed(&set("127.0.0.0/8"));
    assert_eq!(house.ask("oc-demo").await, "OK");
    printed(&set("192.0.2.1"));
    assert_eq!(house.ask("oc-demo").await, "10000");
    printed(&set("192.0.2.1,192.0.2.3,192.0.2.5"));
    let list = printed(&house.operator(&["list"], ""));
    assert!(list.contains(" 3 networks "), "{list}");
    printed(&set("any"));
    assert_eq!(house.ask("oc-demo").await, "OK");
    for (arguments, said) in [
        (&["set", "oc-demo", "--addresses", "192.0.2.7/24"][..], "is in the network 192.0.2.0/24"),
        (&["set", "oc-demo", "--addresses", "pba.example"], "no IP address or network"),
        (&["set", "oc-demo", "--addresses", ""], "no IP address or network"),
        (&["passwd", "oc-demo", "--keep-old-for", "91d"], "90d at the most"),
        (&["passwd", "oc-demo", "--keep-old-for", "soon"], "a time such as 7d or 12h"),
    ] {
        let told = failed(&house.operator(arguments, ""), 2);
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    assert_eq!(house.ask("oc-demo").await, "OK");
}
