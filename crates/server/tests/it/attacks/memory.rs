//! What a request may cost in memory: measured on the program itself, by the system's own account
//! of its largest size.

use std::{fs, io::Write, process::Stdio};

use flate2::{Compression, write::GzEncoder};
use hyper::Method;
use tempfile::TempDir;

use super::{in_envelope, structure_with};
use crate::harness::{
    Caller, MUT, Process, Reply, basic, envelope, free_port, import_demo, program, structure,
};

/// For one request of whatever content, in KiB.
const ONE_MAX_KIB: u64 = 2 * 1024;
/// That stays once all of them are over, in KiB: what the allocator keeps at hand.
const LEFT_MAX_KIB: u64 = 8 * 1024;
const REPETITIONS: usize = 20;

/// Bodies that are made to be large once they are read.
fn bodies() -> Vec<(&'static str, Vec<u8>, bool)> {
    let header = |inside: &str| in_envelope(inside, &structure(MUT));
    let plain = |name, text: String| (name, text.into_bytes(), false);
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&vec![b' '; 60 << 20]).unwrap();
    let bomb = packer.finish().unwrap();
    let attributes: String = "a=''  ".repeat(10_000);
    vec![
        plain("an honest one", envelope(&structure(MUT))),
        plain("a long text", header(&format!("<h>{}</h>", "é".repeat(32_000)))),
        plain("references", header(&format!("<h>{}</h>", "&#233;".repeat(10_000)))),
        plain("elements", header(&"<h/>".repeat(16_000))),
        plain(
            "as many elements as there may be",
            header(&format!("<h>{}</h>", "<i/>x".repeat(1000))),
        ),
        plain("attributes", header(&format!("<h {attributes}/>"))),
        plain("depth", header(&"<h>".repeat(20_000))),
        plain("names of namespaces", header(&"<h xmlns:a='urn:a'>".repeat(3_000))),
        plain("an unknown parameter", structure_with("", &format!("<{}/>", "p".repeat(60_000)))),
        plain("entities", format!("<!DOCTYPE x [{}]>", "<!ENTITY a '&a;&a;'>".repeat(3_000))),
        plain("nothing", " ".repeat(65_000)),
        ("a gzip bomb", bomb[..60_000].to_vec(), true),
        ("too much", vec![b' '; 4 << 20], false),
    ]
}

/// A number of `/proc/PID/status`, in KiB.
fn size(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is there");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn no_request_costs_more_than_two_mebibytes() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = folder.path().join("oi.toml");
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n[telemetry]\nlisten = \"\"\n\
         log_level = \"error\"\n[profiles.LECTURE]\nmethods = []\nquota_per_month = 1\nsessions = 1\n"
    );
    fs::write(&config, text).unwrap();
    import_demo(&config);
    let mut command = program(&["serve", "--config", config.to_str().unwrap()]);
    // What is freed goes back to the system at once, page by page: what a request costs is not
    // taken from what the password hash has left behind.
    command.env("MIMALLOC_PURGE_DELAY", "0").env("MIMALLOC_ALLOW_THP", "0").stderr(Stdio::null());
    let process = Process::started(command, url.clone());
    let (pid, caller) = (process.id(), Caller::trusting());
    caller.until_ready(&url).await;
    let login = basic("oc-demo", "oc-demo");
    let send = async |body: &[u8], packed: bool| -> Option<Reply> {
        let mut headers = vec![("content-type", "text/xml"), ("authorization", login.as_str())];
        headers.extend(packed.then_some(("content-encoding", "gzip")));
        // What is far too long is refused, perhaps before all of it was sent.
        caller.send(Method::POST, &url, body.to_vec(), &headers).await.ok()
    };
    // On a connection of its own: what was too much has ended the other one.
    let honest = async || {
        let authorization = [("authorization", login.as_str())];
        let reply = Caller::trusting().post(&url, &envelope(&structure(MUT)), &authorization).await;
        reply.assert("OK");
    };
    // The pages that everything needs once: connections, the verified login, the database's cache.
    for _ in 0..REPETITIONS {
        honest().await;
    }
    let (before, mut costs) = (size(pid, "VmRSS"), Vec::new());
    for (name, body, packed) in bodies() {
        // The login is verified, and hashes nothing during what is measured.
        honest().await;
        let at_rest = size(pid, "VmRSS");
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
        for _ in 0..REPETITIONS {
            send(&body, packed).await;
        }
        costs.push((size(pid, "VmHWM").saturating_sub(at_rest), name));
    }
    let (highest, name) = *costs.iter().max().unwrap();
    assert!(highest <= ONE_MAX_KIB, "{name} cost {highest} KiB: {costs:?}");
    let left = size(pid, "VmRSS").saturating_sub(before);
    assert!(left <= LEFT_MAX_KIB, "{left} KiB are left: {costs:?}");
    honest().await;
}
