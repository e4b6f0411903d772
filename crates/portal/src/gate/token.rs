//! What a form carries so that no other site can send it.

use std::time::Duration;

use axum::{
    RequestExt,
    extract::{FromRequest, FromRequestParts, RawForm, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use minijinja::context;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;

use super::{Origin, Technician, cookie::Cookie, own_page, secret, session::Session};
use crate::{
    app::{App, Shared},
    pages::{Frame, Look, Theme},
};

/// How long a form may take to arrive.
const ARRIVES: Duration = Duration::from_secs(20);

/// For templates: `<input type="hidden" name="jeton" value="{{ jeton }}">` in every form that is posted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Token(pub String);

impl Token {
    /// Of whoever has this secret in a cookie.
    pub(super) fn of(secret: &str) -> Self {
        Self(secret::seal(secret.as_bytes(), "jeton", ""))
    }
}

/// The fields of a form that one of our own pages has sent: whoever is signed in, or, to a handler that does not
/// take a [`Technician`](super::Technician), a visitor of the sign-in page.
pub(crate) struct Form<T>(pub T);

impl FromRequestParts<Shared> for Token {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await?;
        Ok(Self::of(&session.secret))
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Form<T> {
    type Rejection = Response;

    async fn from_request(mut request: Request, app: &Shared) -> Result<Self, Response> {
        let headers = request.headers().clone();
        // Whom the sign-in page was shown to has no session yet.
        let visitor = Cookie::Visitor.read(&headers, app.gate.origin.is_https);
        let session: Result<Session, Response> = request.extract_parts_with_state(app).await;
        let (secret, technician) = match (session, visitor) {
            (Ok(session), _) => (session.secret, Some(session.technician)),
            (Err(_), Some(visitor)) => (visitor, None),
            (Err(nobody), None) => return Err(nobody),
        };
        let body = arrived(request).await?;
        if !is_ours(&app.gate.origin, &headers, &secret, &body) {
            return Err(not_ours());
        }
        if let Some(technician) = technician {
            let may = app.gate.act(&technician, app.service.now_ms());
            may.map_err(|wait| too_often(app, &headers, (&technician, &secret), wait))?;
        }
        serde_urlencoded::from_bytes(&body).map(Self).map_err(|_| {
            let said = "Il manque quelque chose dans le formulaire, ou il a trop de choses.";
            (StatusCode::UNPROCESSABLE_ENTITY, said).into_response()
        })
    }
}

/// The bytes of a form, in time; their number is bounded around every page.
pub(super) async fn arrived(request: Request) -> Result<Vec<u8>, Response> {
    match timeout(ARRIVES, RawForm::from_request(request, &())).await {
        Ok(Ok(RawForm(bytes))) => Ok(bytes.into()),
        Ok(Err(rejected)) => Err(rejected.into_response()),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
}

/// Whether a form came from one of our pages, which was shown to whoever has the secret.
pub(super) fn is_ours(origin: &Origin, headers: &HeaderMap, secret: &str, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Carried {
        jeton: String,
    }
    let carried = serde_urlencoded::from_bytes::<Carried>(body);
    origin.may_be_ours(headers)
        && carried.is_ok_and(|it| secret::is_sealed(secret.as_bytes(), "jeton", "", &it.jeton))
}

fn not_ours() -> Response {
    let said = "Cette page n'est plus valable : revenez en arrière, rechargez-la, puis recommencez. \
                Rien n'est parti.";
    (StatusCode::FORBIDDEN, said).into_response()
}

/// Somebody does too much; the page that he did it on is a tap away.
fn too_often(
    app: &App,
    headers: &HeaderMap,
    (technician, secret): (&Technician, &str),
    wait: Duration,
) -> Response {
    let seconds = wait.as_secs() + 1;
    let from = headers.get(header::REFERER).and_then(|from| from.to_str().ok());
    let from = own_page(from.and_then(|from| from.strip_prefix(app.gate.origin.as_str())));
    let token = Token::of(secret);
    let look = Look { theme: Theme::of(headers), here: from.to_owned() };
    let (title, technician) = ("Trop de demandes à la fois", Some(technician));
    let frame = Frame { title, technician, token: &token, contract: None, look: &look };
    let page = context! {
        titre_page => title,
        texte => format!("Réessayez dans {seconds} s."),
        rien => true,
        bouton => context! { nom => "Revenir", lien => from },
    };
    match app.page("message.html", &frame, page) {
        Ok(page) => {
            let told = [(header::RETRY_AFTER, seconds)];
            (StatusCode::TOO_MANY_REQUESTS, told, page).into_response()
        }
        Err(oops) => oops.into_response(),
    }
}
