//! A technician's phone without JavaScript: it follows links, sends forms, keeps cookies, and counts taps.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Client, Response, header, redirect};

/// A phone.
pub struct Phone {
    http: Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
    taps: AtomicUsize,
}

/// A page as it came, after its redirections.
#[derive(Debug, Clone)]
pub struct Page {
    pub path: String,
    pub status: u16,
    pub text: String,
}

/// A form with the button that sends it.
#[derive(Debug, Clone)]
pub struct Sent {
    method: String,
    action: String,
    pub fields: Vec<(String, String)>,
}

impl Phone {
    pub fn new(base: &str) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
        let (cookies, taps) = (Mutex::default(), AtomicUsize::new(0));
        Self { http, base: base.to_owned(), cookies, taps }
    }

    /// How often something was tapped.
    pub fn taps(&self) -> usize {
        self.taps.load(Ordering::SeqCst)
    }

    /// Begins to count anew.
    pub fn forget_taps(&self) {
        self.taps.store(0, Ordering::SeqCst);
    }

    /// Opens an address: no tap.
    pub async fn open(&self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.base));
        self.follow(path, request).await
    }

    /// Taps a link by its text.
    pub async fn tap(&self, page: &Page, text: &str) -> Page {
        self.taps.fetch_add(1, Ordering::SeqCst);
        let link = page.link(text).unwrap_or_else(|| panic!("no link {text:?} on {page:#?}"));
        self.open(&link).await
    }

    /// Taps a button by its text, with what was typed.
    pub async fn press(&self, page: &Page, text: &str, typed: &[(&str, &str)]) -> Page {
        self.taps.fetch_add(1, Ordering::SeqCst);
        let mut sent =
            page.button(text).unwrap_or_else(|| panic!("no button {text:?} on {page:#?}"));
        for (name, value) in typed {
            sent.fields.retain(|(known, _)| known != name);
            sent.fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.send(&sent).await
    }

    /// Sends a form; no tap.
    pub async fn send(&self, sent: &Sent) -> Page {
        let body = serde_urlencoded::to_string(&sent.fields).unwrap();
        if sent.method == "get" {
            return self.open(&format!("{}?{body}", sent.action)).await;
        }
        let request = self.http.post(format!("{}{}", self.base, sent.action));
        let form = "application/x-www-form-urlencoded";
        let request = request
            .header(header::CONTENT_TYPE, form)
            .header(header::ORIGIN, &self.base)
            .header("sec-fetch-site", "same-origin")
            .body(body);
        self.follow(&sent.action, request).await
    }

    /// Sends a form that a page of this session may have had, to this address; no tap.
    pub async fn post(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let token = page.text.split("name=\"jeton\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        let all = fields.iter().copied().chain([("jeton", token)]);
        let fields = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let sent = Sent { method: "post".to_owned(), action: action.to_owned(), fields };
        self.send(&sent).await
    }

    async fn follow(&self, path: &str, request: reqwest::RequestBuilder) -> Page {
        let mut path = path.to_owned();
        let mut response = self.ask(request).await;
        for _ in 0..8 {
            let Some(to) = response.headers().get(header::LOCATION) else { break };
            path = to.to_str().unwrap().to_owned();
            response = self.ask(self.http.get(format!("{}{path}", self.base))).await;
        }
        let status = response.status().as_u16();
        Page { path, status, text: response.text().await.unwrap() }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Response {
        let cookies: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let response = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

impl Page {
    /// Whether it says so, blanks folded, tags left out.
    pub fn says(&self, words: &str) -> bool {
        self.words().contains(words)
    }

    /// What is to be read on it.
    pub fn words(&self) -> String {
        let body = self.text.split("<main").nth(1).unwrap_or(&self.text);
        let mut words = String::new();
        let mut is_tag = true;
        for c in body.chars() {
            match c {
                '<' => is_tag = true,
                '>' => {
                    is_tag = false;
                    words.push(' ');
                }
                c if !is_tag => words.push(c),
                _ => {}
            }
        }
        unescape(&words).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where a link of this text leads.
    pub fn link(&self, text: &str) -> Option<String> {
        let mut links = elements(&self.text, "a");
        links.find(|(_, inside)| holds(inside, text)).and_then(|(tag, _)| attribute(tag, "href"))
    }

    /// Every link in the page's own part, with its text.
    pub fn links(&self) -> Vec<(String, String)> {
        let main = self.text.split("<main").nth(1).unwrap_or_default();
        let links = elements(main, "a")
            .filter_map(|(tag, inside)| Some((attribute(tag, "href")?, plain(inside))));
        links.collect()
    }

    /// The form that a button of this text sends.
    pub fn button(&self, text: &str) -> Option<Sent> {
        let (tag, _) = elements(&self.text, "button").find(|(_, inside)| holds(inside, text))?;
        let forms: Vec<_> = elements(&self.text, "form").collect();
        let form = match attribute(tag, "form") {
            Some(id) => forms.iter().find(|(of, _)| attribute(of, "id") == Some(id.clone())),
            None => forms.iter().find(|(_, inside)| inside.contains(tag)),
        };
        let (form_tag, inside) = form?;
        let mut fields = Vec::new();
        for input in inside.split("<input").skip(1) {
            let input = input.split('>').next()?;
            if let Some(name) = attribute(input, "name") {
                fields.push((name, attribute(input, "value").unwrap_or_default()));
            }
        }
        if let Some(name) = attribute(tag, "name") {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
        let method = attribute(form_tag, "method").unwrap_or_else(|| "get".to_owned());
        Some(Sent { method, action: attribute(form_tag, "action")?, fields })
    }
}

/// The elements of a name: the start tag's inside, and what is in the element. None is in another of its name.
fn elements<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let open = format!("<{name}");
    let close = format!("</{name}>");
    text.match_indices(&open).map(|(at, _)| at).collect::<Vec<_>>().into_iter().filter_map(
        move |at| {
            let rest = &text[at + open.len()..];
            rest.starts_with([' ', '>']).then_some(())?;
            let (tag, rest) = rest.split_once('>')?;
            Some((tag, rest.split_once(close.as_str())?.0))
        },
    )
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    Some(unescape(tag[at..].split('"').next()?))
}

fn holds(inside: &str, text: &str) -> bool {
    plain(inside).contains(text)
}

fn plain(inside: &str) -> String {
    let page = Page { path: String::new(), status: 0, text: format!("<main>{inside}") };
    page.words()
}

fn unescape(text: &str) -> String {
    text.replace("&nbsp;", " ")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
