//! What an ID token says, once it is verified (OpenID Connect Core 1.0, §3.1.3.7).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::super::OpenId;

/// Seconds that the two clocks may be apart.
const LEEWAY_S: i64 = 60;
/// Characters of a name or subject at the most.
const TEXT_MAX: usize = 200;

/// What is used of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims {
    pub subject: String,
    pub name: String,
    all: Map<String, Value>,
}

/// Why an ID token proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unproven {
    /// It is none, or signed in a way that proves nothing.
    #[error("the ID token cannot be read, or is signed in a way that proves nothing: {0}")]
    Unreadable(String),
    /// The provider has no such key.
    #[error("the ID token is signed by a key that the provider does not show")]
    UnknownKey,
    /// Signature, issuer or audience.
    #[error("the ID token is not good: {0}")]
    Bad(String),
    /// It is old, or of a time to come.
    #[error("the ID token is of another time")]
    Time,
    /// It answers another sign-in.
    #[error("the ID token answers another sign-in")]
    Nonce,
}

/// Which key a token says it is signed by, and how.
pub(super) fn signer(token: &str) -> Result<(Option<String>, Algorithm), Unproven> {
    let header = decode_header(token).map_err(|error| Unproven::Unreadable(error.to_string()))?;
    Ok((header.kid, header.alg))
}

/// The key of a set that may have signed it so; one without a name only where no other could.
pub(super) fn key_of<'k>(keys: &'k [Jwk], kid: Option<&str>, how: Algorithm) -> Option<&'k Jwk> {
    let mut fitting = keys.iter().filter(|key| {
        let named = kid.is_none_or(|kid| key.common.key_id.as_deref() == Some(kid));
        named && fits(key, how)
    });
    let key = fitting.next()?;
    (kid.is_some() || fitting.next().is_none()).then_some(key)
}

/// Whether a key signs so. No secret is one: whoever shows it to all would sign as everybody.
fn fits(key: &Jwk, how: Algorithm) -> bool {
    use Algorithm as A;
    let is_kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => {
            matches!(how, A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512)
        }
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => how == A::ES256,
            EllipticCurve::P384 => how == A::ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(_) => how == A::EdDSA,
        _ => false,
    };
    let is_for_signing =
        key.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    let name = format!("{how:?}");
    let is_so =
        key.common.key_algorithm.is_none_or(|said: KeyAlgorithm| format!("{said:?}") == name);
    is_kind && is_for_signing && is_so
}

/// Verifies a token against the key that has signed it.
pub(super) fn verify(
    token: &str,
    key: &Jwk,
    how: Algorithm,
    settings: &OpenId,
    nonce: &str,
    now_s: i64,
) -> Result<Claims, Unproven> {
    let bad = |error: jsonwebtoken::errors::Error| Unproven::Bad(error.to_string());
    let mut rules = Validation::new(how);
    // By the portal's own clock, below.
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    rules.set_issuer(&[&settings.issuer]);
    rules.set_audience(&[&settings.client_id]);
    let key = DecodingKey::from_jwk(key).map_err(bad)?;
    let all = decode::<Map<String, Value>>(token, &key, &rules).map_err(bad)?.claims;

    let text = |name: &str| all.get(name).and_then(Value::as_str);
    let number = |name: &str| all.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let now = now_s as f64;
    #[expect(clippy::cast_precision_loss, reason = "a minute")]
    let leeway = LEEWAY_S as f64;
    let is_now = number("exp").is_some_and(|end| now < end + leeway)
        && number("iat").is_some_and(|begin| begin <= now + leeway)
        && number("nbf").is_none_or(|begin| begin <= now + leeway);
    if !is_now {
        return Err(Unproven::Time);
    }
    if text("nonce") != Some(nonce) {
        return Err(Unproven::Nonce);
    }
    let is_for_many = all.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    let party = text("azp");
    if party.is_some_and(|party| party != settings.client_id) || (is_for_many && party.is_none()) {
        return Err(Unproven::Bad("it was given to another client".to_owned()));
    }
    let subject = text("sub").filter(|text| is_short(text)).map(str::to_owned);
    let subject = subject.ok_or_else(|| Unproven::Bad("its subject is no name".to_owned()))?;
    let names = [settings.name_claim.as_str(), "name", "preferred_username", "email"];
    let name = names.iter().filter_map(|name| text(name)).find(|text| is_short(text));
    let name = name.unwrap_or(&subject).to_owned();
    Ok(Claims { subject, name, all })
}

fn is_short(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= TEXT_MAX
        && !text.chars().any(char::is_control)
}

impl Claims {
    /// Whether the portal is for him.
    pub fn are_allowed(&self, settings: &OpenId) -> bool {
        let groups = self.groups(&settings.groups_claim);
        let in_a_group = settings.allowed_groups.is_empty()
            || settings.allowed_groups.iter().any(|group| groups.contains(&group.as_str()));
        let domain = self.domain();
        let in_a_domain = settings.allowed_domains.is_empty()
            || settings
                .allowed_domains
                .iter()
                .any(|allowed| domain.is_some_and(|domain| domain.eq_ignore_ascii_case(allowed)));
        in_a_group && in_a_domain
    }

    /// `groups`, or `realm_access.roles` where it lies deeper; one group may be a text.
    fn groups(&self, claim: &str) -> Vec<&str> {
        // A name with dots of its own, such as a URL, comes before a path.
        let found = self.all.get(claim).or_else(|| {
            let mut steps = claim.split('.');
            let first = self.all.get(steps.next()?)?;
            steps.try_fold(first, |inside, step| inside.get(step))
        });
        match found {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    /// Of an address that the provider has verified.
    fn domain(&self) -> Option<&str> {
        let verified = match self.all.get("email_verified")? {
            Value::Bool(verified) => *verified,
            Value::String(text) => text == "true",
            _ => false,
        };
        let (_, domain) = self.all.get("email")?.as_str()?.rsplit_once('@')?;
        verified.then_some(domain)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(all: &Value) -> Claims {
        let all = all.as_object().unwrap().clone();
        Claims { subject: "s".into(), name: "n".into(), all }
    }

    #[test]
    fn groups_and_domains_say_whom_the_portal_is_for() {
        let mut settings = OpenId::new("https://idp.example", "portal");
        let nobody = claims(&json!({}));
        assert!(nobody.are_allowed(&settings), "whom the provider lets in");
        settings.allowed_groups = vec!["technicians".into()];
        let of = |groups: Value| claims(&json!({"groups": groups})).are_allowed(&settings);
        assert!(of(json!(["a", "technicians"])) && of(json!("technicians")));
        assert!(!of(json!(["technician"])) && !of(json!({"technicians": true})));
        assert!(!nobody.are_allowed(&settings));
        settings.groups_claim = "realm_access.roles".into();
        let deep = claims(&json!({"realm_access": {"roles": ["technicians"]}}));
        assert!(deep.are_allowed(&settings));

        settings.allowed_groups.clear();
        settings.allowed_domains = vec!["oc.example".into()];
        let at = |email: &str, verified: Value| {
            claims(&json!({"email": email, "email_verified": verified})).are_allowed(&settings)
        };
        assert!(at("jeanne@OC.example", json!(true)) && at("jeanne@oc.example", json!("true")));
        assert!(!at("jeanne@oc.example", json!(false)));
        assert!(!at("jeanne@oc.example.evil.example", json!(true)));
        assert!(!at("oc.example", json!(true)));
        let unsaid = claims(&json!({"email": "jeanne@oc.example"}));
        assert!(!unsaid.are_allowed(&settings), "unverified");
    }
}
