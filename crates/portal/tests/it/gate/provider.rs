//! An OpenID Connect provider: small, but real. It signs with a key that it shows, and gives a token for a
//! code once, to whoever has the verifier and the secret.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

pub const CLIENT: &str = "portail";
pub const SECRET: &str = "s3cret: %+";

/// A provider on a free port.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    pub inside: Arc<Mutex<Inside>>,
}

/// What a test may change.
pub struct Inside {
    /// What it says about whoever signs in, over what it would say.
    pub says: HashMap<&'static str, Value>,
    /// How it makes the token, where it is a bad one.
    pub forgery: Forgery,
    /// The keys that it shows.
    pub keys: Vec<Value>,
    /// How often they were looked at.
    pub looks: usize,
    /// What it takes a client's secret as.
    pub methods: Value,
    signing: (EncodingKey, String),
    codes: HashMap<String, Asked>,
    now_s: i64,
}

/// Ways to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// None.
    Honest,
    /// `alg: none`, and no signature.
    Unsigned,
    /// HMAC with what everybody knows of the key.
    PublicSecret,
    /// A key of somebody else's, under the name of the provider's.
    AnotherKey,
    /// What is signed is changed afterwards.
    Changed,
}

#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    back: String,
}

impl Provider {
    pub async fn open(now_ms: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let issuer = format!("http://{address}/realms/oc");
        let (signing, key) = new_key("one");
        let inside = Inside {
            says: HashMap::new(),
            forgery: Forgery::Honest,
            keys: vec![key],
            looks: 0,
            methods: json!(["client_secret_basic"]),
            signing,
            codes: HashMap::new(),
            now_s: now_ms / 1000,
        };
        let provider = Self { issuer, inside: Arc::new(Mutex::new(inside)) };
        let routes = Router::new()
            .route("/realms/oc/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        provider
    }

    fn base(&self) -> &str {
        self.issuer.strip_suffix("/realms/oc").unwrap()
    }
}

fn new_key(name: &str) -> ((EncodingKey, String), Value) {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let key = EncodingKey::from_ec_der(pkcs8.unwrap().as_ref());
    let mut shown = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    shown.common.key_id = Some(name.to_owned());
    ((key, name.to_owned()), serde_json::to_value(shown).unwrap())
}

fn answer(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn configuration(State(it): State<Provider>) -> Response {
    let base = it.base();
    answer(&json!({
        "issuer": it.issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/keys"),
        "token_endpoint_auth_methods_supported": it.inside.lock().unwrap().methods,
    }))
}

async fn keys(State(it): State<Provider>) -> Response {
    let mut inside = it.inside.lock().unwrap();
    inside.looks += 1;
    // One of a kind that nobody knows is in every set some day.
    let mut keys = inside.keys.clone();
    keys.push(json!({"kty": "NEW", "kid": "new"}));
    answer(&json!({"keys": keys}))
}

async fn authorize(
    State(it): State<Provider>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let scope = get("scope");
    if get("client_id") != CLIENT
        || get("response_type") != "code"
        || get("code_challenge_method") != "S256"
        || !scope.split(' ').any(|one| one == "openid")
    {
        return (StatusCode::BAD_REQUEST, format!("{asked:?}")).into_response();
    }
    let mut inside = it.inside.lock().unwrap();
    let code = format!("code-{}", inside.codes.len());
    let (nonce, challenge, back) = (get("nonce"), get("code_challenge"), get("redirect_uri"));
    inside.codes.insert(code.clone(), Asked { nonce, challenge, back: back.clone() });
    let fields = [("code", &code), ("state", &get("state")), ("iss", &it.issuer)];
    let query = serde_urlencoded::to_string(fields).unwrap();
    Redirect::to(&format!("{back}?{query}")).into_response()
}

async fn token(
    State(it): State<Provider>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let refuse =
        |error: &str| (StatusCode::BAD_REQUEST, answer(&json!({"error": error}))).into_response();
    let mut inside = it.inside.lock().unwrap();
    // `s3cret: %+` as a form writes it.
    let basic = format!("Basic {}", STANDARD.encode("portail:s3cret%3A+%25%2B"));
    let is_basic = headers.get("authorization").is_some_and(|said| *said == basic);
    let is_post = get("client_id") == CLIENT && get("client_secret") == SECRET;
    let proven = if inside.methods == json!(["client_secret_post"]) { is_post } else { is_basic };
    if !proven {
        return refuse("invalid_client");
    }
    let Some(asked) = inside.codes.remove(&get("code")) else { return refuse("invalid_grant") };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier")));
    if challenge != asked.challenge || get("redirect_uri") != asked.back {
        return refuse("invalid_grant");
    }
    let mut claims = json!({
        "iss": it.issuer, "sub": "f81d4fae", "aud": CLIENT, "nonce": asked.nonce,
        "iat": inside.now_s, "exp": inside.now_s + 300,
        "name": "Ali Ben Salah", "email": "ali@oc.example", "email_verified": true,
        "groups": ["techniciens"],
    });
    for (name, value) in &inside.says {
        claims[*name] = value.clone();
    }
    let token = inside.token(&claims);
    answer(&json!({"access_token": "a", "token_type": "Bearer", "id_token": token}))
}

impl Inside {
    fn token(&self, claims: &Value) -> String {
        let (key, name) = &self.signing;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(name.clone());
        let honest = || encode(&header, claims, key).unwrap();
        match self.forgery {
            Forgery::Honest => honest(),
            Forgery::Unsigned => {
                let parts = [json!({"alg": "none", "kid": name}), claims.clone()];
                let [head, body] = parts.map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
                format!("{head}.{body}.")
            }
            Forgery::PublicSecret => {
                let mut header = Header::new(Algorithm::HS256);
                header.kid = Some(name.clone());
                let known =
                    EncodingKey::from_secret(self.keys[0]["x"].as_str().unwrap().as_bytes());
                encode(&header, claims, &known).unwrap()
            }
            Forgery::AnotherKey => {
                let ((other, _), _) = new_key("other");
                encode(&header, claims, &other).unwrap()
            }
            Forgery::Changed => {
                let token = honest();
                let parts: Vec<_> = token.split('.').collect();
                let mut claims = claims.clone();
                claims["sub"] = json!("somebody else");
                format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
            }
        }
    }
}
