//! What callers send is in the log as text of one line: no line of theirs, no colour, no password.

use std::{io::Read, process::Stdio};

use tempfile::TempDir;

use super::{V12, WSSE, in_envelope, in_version};
use crate::harness::{
    Caller, MUT, Process, Put, basic, envelope, free_port, get, import_demo, structure,
};

/// Each is something that a line of a log must not take as it is.
const ODD: [&str; 6] =
    ["a\r\nb", "a\u{1b}[2Jb", "a\u{85}b", "a\u{2028}b", "\"}\n{\"level\":\"ERROR\"", "a\u{202e}b"];
const PASSWORD: &str = "un-mot-de-passe-qui-ne-se-lit-nulle-part";

/// Sends all of it in every place that the log could show.
async fn say_odd_things(url: &str) {
    let caller = Caller::trusting();
    let login = basic("oc-demo", "oc-demo");
    let authorized = [("authorization", login.as_str())];
    for odd in ODD {
        let basic = basic(odd, PASSWORD);
        caller.post(url, &envelope(&get(MUT)), &[("authorization", basic.as_str())]).await;
        let text = odd.replace('\u{1b}', "&#9;");
        caller.post(url, &envelope(&structure(&text)), &authorized).await;
        caller.post(url, &envelope(&Put::new(MUT, &text).motif(&text).body()), &authorized).await;
        let parameter = structure(MUT).replace("referenceContrat>", "n\u{e9}-\u{4e00}>");
        caller.post(url, &envelope(&parameter), &authorized).await;
        let block = "<x:h\u{e9}\u{4e00} xmlns:x='urn:x&#10;y' s:mustUnderstand='1'/>";
        caller.post(url, &in_version(V12, block, &get(MUT)), &authorized).await;
        caller.post(url, odd, &authorized).await;
        let named =
            [authorized[0], ("idempotency-key", "cl\u{e9} \"}{"), ("x-request-id", "x\u{e9}")];
        caller.post(url, &envelope(&Put::new(MUT, "CTP-0-0").body()), &named).await;
    }
    let token = format!(
        "<w:Security xmlns:w=\"{WSSE}\"><w:UsernameToken><w:Username>oc-demo&#10;x</w:Username>\
         <w:Password>{PASSWORD}</w:Password></w:UsernameToken></w:Security>"
    );
    caller.post(url, &in_envelope(&token, &get(MUT)), &[]).await;
}

/// Each odd thing is seven requests, and there is one more.
const REQUESTS: usize = ODD.len() * 7 + 1;

async fn log(format: &str) -> String {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = folder.path().join("oi.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[telemetry]\nlisten = \"\"\n\
         log_format = \"{format}\"\n[profiles.LECTURE]\nmethods = []\nquota_per_month = 1\n\
         sessions = 1\n"
    );
    std::fs::write(&config, text).unwrap();
    import_demo(&config);
    let (process, log) = Process::serve_logging(&config, url.clone(), Stdio::piped());
    let mut log = log.unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).map(|_| String::from_utf8(bytes).unwrap()).unwrap()
    });
    Caller::trusting().until_ready(&url).await;
    say_odd_things(&url).await;
    process.terminate();
    let log = reader.join().unwrap();
    assert!(!log.contains(PASSWORD), "{log}");
    log
}

/// The lines about requests, each of which names one.
fn about_requests(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("request_id")).collect()
}

#[tokio::test]
async fn as_json_each_line_is_one_object() {
    let log = log("json").await;
    assert_eq!(about_requests(&log).len(), REQUESTS, "{log}");
    for line in log.lines() {
        let object: serde_json::Value = serde_json::from_str(line).expect(line);
        assert_ne!(object["level"], "ERROR", "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[tokio::test]
async fn as_text_each_line_is_one_line() {
    let log = log("text").await;
    assert_eq!(about_requests(&log).len(), REQUESTS, "{log}");
    for line in log.lines() {
        // A line begins with its time.
        assert!(line.starts_with("20"), "{line}");
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{2028}', '\u{202e}']), "{line:?}");
    }
}
