//! What pages are made of beside their text, compiled in: each under a name that changes with its content, so
//! that a phone fetches it once.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use minijinja::{Value, context};
use sha2::{Digest, Sha256};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const STYLE: Asset = Asset {
    name: "portail.css",
    kind: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/portail.css"),
};
const SCRIPT: Asset = Asset {
    name: "portail.js",
    kind: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/portail.js"),
};
const ICON: Asset = Asset {
    name: "icone.svg",
    kind: "image/svg+xml",
    bytes: include_bytes!("../assets/icone.svg"),
};
const WORKER: &str = include_str!("../assets/sw.js");
const MANIFEST: &str = include_str!("../assets/manifeste.json");

/// One name a content.
static NAMES: LazyLock<[(String, &Asset); 3]> = LazyLock::new(|| {
    [&STYLE, &SCRIPT, &ICON].map(|asset| {
        let hash = Sha256::digest(asset.bytes);
        let mark =
            hash.iter().take(6).fold(String::new(), |mark, byte| format!("{mark}{byte:02x}"));
        (format!("{mark}-{}", asset.name), asset)
    })
});

/// For templates: where each of them is.
pub(crate) fn names() -> Value {
    let [style, script, icon] = &*NAMES;
    // Its letters are ours.
    let path = |name: &str| Value::from_safe_string(format!("/actifs/{name}"));
    context! { style => path(&style.0), script => path(&script.0), icone => path(&icon.0) }
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some((_, asset)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let kind = HeaderValue::from_static(asset.kind);
    ([(CACHE_CONTROL, forever), (CONTENT_TYPE, kind)], asset.bytes).into_response()
}

/// The service worker, which has to know what it keeps; a new one comes with new content.
pub(super) async fn worker() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let paths: Vec<_> = NAMES.iter().map(|(name, _)| format!("/actifs/{name}")).collect();
        let list = serde_json::to_string(&paths).unwrap_or_default();
        WORKER.replace("\"COQUE\"", &list)
    });
    let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
    let fresh = HeaderValue::from_static("no-cache");
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, fresh)], TEXT.as_str()).into_response()
}

/// What makes it an application on a phone's home screen.
pub(super) async fn manifest() -> Response {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| MANIFEST.replace("ICONE", &format!("/actifs/{}", NAMES[2].0)));
    let kind = HeaderValue::from_static("application/manifest+json");
    ([(CONTENT_TYPE, kind)], TEXT.as_str()).into_response()
}
