//! Who is signed in.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts, uri::PathAndQuery},
    response::{IntoResponse, Redirect, Response},
};

use super::session::Session;
use crate::{app::Shared, pages::Oops};

/// Who is signed in; a request of nobody's is sent to /connexion, and back from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Technician {
    pub id: i64,
    pub login: String,
    pub name: String,
}

impl FromRequestParts<Shared> for Technician {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        Session::from_request_parts(parts, app).await.map(|session| session.technician)
    }
}

impl FromRequestParts<Shared> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let found = app.session(&parts.headers).await;
        match found.map_err(|error| Oops::from(error).into_response())? {
            Some(session) => {
                parts.extensions.insert(session.clone());
                Ok(session)
            }
            None => Err(nobody(&parts.method, &parts.uri, &parts.headers)),
        }
    }
}

/// What nobody gets: the sign-in page, or, where a script asks, a status that it understands.
fn nobody(method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let is_script = headers.get("sec-fetch-dest").is_some_and(|wanted| wanted == "empty");
    if is_script {
        let challenge = [(header::WWW_AUTHENTICATE, "Cookie realm=\"connexion\"")];
        return (StatusCode::UNAUTHORIZED, challenge, "Connectez-vous de nouveau.").into_response();
    }
    let target = (*method == Method::GET).then(|| uri.path_and_query().map(PathAndQuery::as_str));
    Redirect::to(&sign_in_url(target.flatten().unwrap_or("/"))).into_response()
}

/// The sign-in page, from which one gets to a page of the portal's.
pub(super) fn sign_in_url(target: &str) -> String {
    wanting("/connexion", target)
}

/// The operator's own sign-in, from which one gets there too.
pub(super) fn provider_url(target: &str) -> String {
    wanting("/connexion/entreprise", target)
}

fn wanting(page: &str, target: &str) -> String {
    if target == "/" {
        return page.to_owned();
    }
    let query = serde_urlencoded::to_string([("vers", target)]);
    format!("{page}?{}", query.expect("a text is a value of a query"))
}

/// A page of the portal's own, out of what a request asks for; anything else is its first page.
pub(crate) fn own_page(target: Option<&str>) -> &str {
    const BYTES_MAX: usize = 512;
    let is_own = |target: &&str| {
        let bytes = target.as_bytes();
        bytes.len() <= BYTES_MAX
            && bytes.first() == Some(&b'/')
            // `//host` and `/\host` are other sites to a browser.
            && !matches!(bytes.get(1), Some(b'/' | b'\\'))
            && bytes.iter().all(u8::is_ascii_graphic)
    };
    target.filter(is_own).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for own in ["/", "/c/MUT1?zone=ZTD&etage=2%201", "/a//b"] {
            assert_eq!(own_page(Some(own)), own);
        }
        for other in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/é"]
        {
            assert_eq!(own_page(Some(other)), "/", "{other:?}");
        }
        assert_eq!(own_page(None), "/");
        assert_eq!(own_page(Some(&format!("/{}", "a".repeat(512)))), "/");
        assert_eq!(sign_in_url("/c/M?a=b"), "/connexion?vers=%2Fc%2FM%3Fa%3Db");
    }
}
