//! Debian's Chromium, as a phone: one for all scenarios, which tests tell what to do line by line.
//!
//! `driver.mjs` is its other half, on playwright-core; both it and axe-core are in `TEST_TOOLS/browser`
//! (scripts/install-test-tools). Calls block: a scenario runs on a test's own thread, beside the runtime's
//! workers, so `#[tokio::test(flavor = "multi_thread", worker_threads = 2)]`.

mod codes;
mod flow;
mod line;
mod network;
mod signing_in;

use std::{
    env,
    fmt::Debug,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// A phone of a visitor's own, with its own cookies, cache and worker.
pub struct Phone {
    page: u64,
}

/// How a phone is.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Whether its scripts run.
    pub java_script: bool,
    /// Width and height of what is seen, in CSS pixels.
    pub size: (u32, u32),
    /// `light` or `dark`
    pub theme: &'static str,
    /// `no-preference` or `more`
    pub contrast: &'static str,
    /// `no-preference` or `reduce`
    pub motion: &'static str,
    /// Pixels of the screen to a CSS pixel.
    pub zoom: f64,
}

impl Default for Kind {
    fn default() -> Self {
        Self {
            java_script: true,
            size: (390, 780),
            theme: "light",
            contrast: "no-preference",
            motion: "no-preference",
            zoom: 2.0,
        }
    }
}

/// A control: its role and accessible name, the label of its field, or, where there is no other way, CSS.
#[derive(Debug, Clone)]
pub struct What(Value);

/// `button("Se connecter")`: part of the name is enough.
pub fn button(name: &str) -> What {
    What(json!({"role": "button", "name": name}))
}

/// A link, by its name.
pub fn link(name: &str) -> What {
    What(json!({"role": "link", "name": name}))
}

/// A field, by its label.
pub fn field(label: &str) -> What {
    What(json!({"label": label}))
}

/// The first that a selector finds.
pub fn css(selector: &str) -> What {
    What(json!({"css": selector}))
}

/// A request that a page has made.
#[derive(Debug, Clone, Deserialize)]
pub struct Seen {
    pub url: String,
    /// As they came over the network.
    pub body_bytes: usize,
    pub head_bytes: usize,
}

struct Driver {
    _node: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// The one browser; it ends with the test process, whose pipe it reads.
fn driver() -> MutexGuard<'static, Driver> {
    static DRIVER: OnceLock<Mutex<Driver>> = OnceLock::new();
    let driver = DRIVER.get_or_init(|| {
        let tools = env::var("TEST_TOOLS").expect("TEST_TOOLS: see CONTRIBUTING.md");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/browser/driver.mjs");
        let chromium = env::var("TEST_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
        let modules = Path::new(&tools).join("browser/node_modules");
        let mut node = Command::new("node")
            .arg(script)
            // What a service worker asks for is cut, too.
            .env("PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS", "1")
            .args([modules.as_os_str(), chromium.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is there");
        let to = node.stdin.take().expect("it is piped");
        let from = BufReader::new(node.stdout.take().expect("it is piped"));
        Mutex::new(Driver { _node: node, to, from })
    });
    driver.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ask(deed: &str, page: Option<u64>, with: &Value) -> Result<Value, String> {
    #[derive(Deserialize)]
    struct Answer {
        ok: Option<Value>,
        failed: Option<String>,
    }
    let mut driver = driver();
    writeln!(driver.to, "{}", json!({"deed": deed, "page": page, "with": with})).unwrap();
    let mut line = String::new();
    driver.from.read_line(&mut line).unwrap();
    let answer: Answer = serde_json::from_str(&line).expect("the browser answers");
    match answer.failed {
        Some(failed) => Err(format!("{deed} {with}: {failed}")),
        None => Ok(answer.ok.unwrap_or_default()),
    }
}

impl Phone {
    /// A phone that has never been anywhere.
    pub fn new(kind: &Kind) -> Self {
        let with = json!({
            "javaScript": kind.java_script, "width": kind.size.0, "height": kind.size.1,
            "theme": kind.theme, "contrast": kind.contrast, "motion": kind.motion, "zoom": kind.zoom,
        });
        let page = ask("open", None, &with).unwrap();
        Self { page: page.as_u64().unwrap() }
    }

    fn does(&self, deed: &str, with: &Value) {
        let () = self.deed(deed, with);
    }

    fn deed<T: DeserializeOwned + Debug>(&self, deed: &str, with: &Value) -> T {
        match ask(deed, Some(self.page), with) {
            Ok(value) => serde_json::from_value(value).unwrap(),
            Err(failed) => {
                let file = self.screenshot("failed");
                let url = ask("url", Some(self.page), &json!({})).unwrap_or_default();
                panic!("{failed}\nat {url}, see {}", file.display());
            }
        }
    }

    /// Goes somewhere; the status of what came back, 0 where the cache had it.
    pub fn goto(&self, url: &str) -> u16 {
        self.deed("goto", &json!({"url": url}))
    }

    /// The same, where there may be no network: whether the page came.
    pub fn tries(&self, url: &str) -> bool {
        ask("goto", Some(self.page), &json!({"url": url})).is_ok()
    }

    pub fn reload(&self) {
        self.does("reload", &json!({}));
    }

    /// Activates a control with a finger; it counts.
    pub fn tap(&self, what: &What) {
        self.does("tap", &json!({"what": what.0}));
    }

    /// Presses a key; it counts as a tap where it activates something.
    pub fn press(&self, key: &str, counts: bool) {
        self.does("press", &json!({"key": key, "counted": counts}));
    }

    pub fn write(&self, what: &What, text: &str) {
        self.does("type", &json!({"what": what.0, "text": text}));
    }

    pub fn paste(&self, what: &What, text: &str) {
        self.does("paste", &json!({"what": what.0, "text": text}));
    }

    /// Waits until a text is seen.
    pub fn sees(&self, text: &str) {
        self.does("see", &json!({"text": text}));
    }

    /// Waits until a control is seen.
    pub fn sees_control(&self, what: &What) {
        self.does("see_control", &json!({"what": what.0}));
    }

    /// Waits until it is there.
    pub fn is_at(&self, url: &str) {
        self.does("at", &json!({"url": url}));
    }

    /// The text that the first of a selector shows.
    pub fn text(&self, selector: &str) -> String {
        self.deed("text", &json!({"css": selector}))
    }

    pub fn value(&self, what: &What) -> String {
        self.deed("value", &json!({"what": what.0}))
    }

    pub fn url(&self) -> String {
        self.deed("url", &json!({}))
    }

    /// Controls that were activated so far.
    pub fn taps(&self) -> usize {
        self.deed("taps", &json!({}))
    }

    /// What a script of the test's comes to.
    pub fn evaluate<T: DeserializeOwned + Debug>(&self, script: &str) -> T {
        self.deed("evaluate", &json!({"script": script}))
    }

    /// Waits until a script of the test's comes to something true.
    pub fn waits(&self, script: &str) {
        self.does("wait", &json!({"script": script}));
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.does("resize", &json!({"width": width, "height": height}));
    }

    /// `{"media": "print"}`, `{"colorScheme": "dark"}`
    pub fn media(&self, media: &Value) {
        self.does("media", &json!({"media": media}));
    }

    /// So many bytes are kept for the site from now on; what is kept already stays.
    pub fn room(&self, bytes: u64) {
        self.does("room", &json!({"bytes": bytes}));
    }

    /// Out of reach of any network, or back.
    pub fn offline(&self, is: bool) {
        self.does("offline", &json!({"is": is}));
    }

    /// Cuts requests whose URL matches before they leave, until [`Self::mend`].
    pub fn cut_before(&self, pattern: &str) {
        self.does("cut", &json!({"pattern": pattern, "after": false}));
    }

    /// Cuts them once the portal has done what they ask, until [`Self::mend`].
    pub fn cut_after(&self, pattern: &str) {
        self.does("cut", &json!({"pattern": pattern, "after": true}));
    }

    pub fn mend(&self) {
        self.does("mend", &json!({}));
    }

    /// What the console has told since the last time: exceptions, refusals of the content policy, failed
    /// requests; but for what matches one of these.
    pub fn problems(&self, excused: &[&str]) -> Vec<String> {
        self.deed("problems", &json!({"excused": excused}))
    }

    /// Requests since the last time.
    pub fn requests(&self) -> Vec<Seen> {
        self.deed("requests", &json!({}))
    }

    /// Waits until the service worker is there.
    pub fn worker_is_ready(&self) {
        self.does("worker_ready", &json!({}));
    }

    /// What axe-core finds, a line each.
    pub fn axe(&self) -> Vec<String> {
        self.deed("axe", &json!({}))
    }

    /// Controls narrower or lower than this many CSS pixels.
    pub fn small_controls(&self, least: u32) -> Vec<String> {
        self.deed("small", &json!({"least": least}))
    }

    /// A picture of the whole page in `target/browser`.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.canonicalize().unwrap().join(format!("{name}.png"));
        // A page that cannot be pictured is told of by whoever wanted it.
        let _ = ask("screenshot", Some(self.page), &json!({"file": file, "whole": true}));
        file
    }

    /// Nothing that axe finds, no control under 48 px, nothing in the console.
    #[track_caller]
    pub fn is_sound(&self) {
        let found = [self.axe(), self.small_controls(48), self.problems(&[])].concat();
        assert!(found.is_empty(), "{}:\n{}", self.url(), found.join("\n"));
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = ask("close", Some(self.page), &json!({}));
    }
}
