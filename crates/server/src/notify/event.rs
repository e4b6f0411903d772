//! A notification as an event of `CloudEvents` 1.0 over HTTP, in the structured or the binary mode.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{facts::Facts, layout::Kind};

/// How an event is put into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All of it in the body, as JSON.
    Structured,
    /// The data in the body, the rest in headers.
    Binary,
}

/// A request's content.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// What the body is.
    pub content_type: &'static str,
    /// Headers beside it.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

#[derive(Serialize)]
struct Structured<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: String,
    subject: String,
    time: &'a str,
    sequence: String,
    datacontenttype: &'static str,
    data: Data,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    Json(Box<RawValue>),
    Text(String),
}

/// Makes an event of what was laid out.
///
/// # Errors
/// A JSON layout that has made no JSON.
pub fn message(
    mode: Mode,
    source: &str,
    facts: &Facts,
    kind: Kind,
    data: String,
) -> Result<Message, serde_json::Error> {
    let r#type = format!("ereprov.reprovisioning.{}", facts.state);
    // Whoever compares two as text finds the later one greater.
    let sequence = format!("{:010}", facts.number);
    let subject = in_header(&facts.contract);
    if mode == Mode::Binary {
        let headers = vec![
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", facts.id.clone()),
            ("ce-source", source.to_owned()),
            ("ce-type", r#type),
            ("ce-subject", subject),
            ("ce-time", facts.ended.clone()),
            ("ce-sequence", sequence),
        ];
        return Ok(Message { content_type: kind.media_type(), headers, body: data });
    }
    let event = Structured {
        specversion: "1.0",
        id: &facts.id,
        source,
        r#type,
        subject: facts.contract.clone(),
        time: &facts.ended,
        sequence,
        datacontenttype: kind.media_type(),
        data: match kind {
            Kind::Json => Data::Json(RawValue::from_string(data)?),
            Kind::Csv | Kind::Xml | Kind::Text => Data::Text(data),
        },
    };
    let body = serde_json::to_string(&event)?;
    let content_type = "application/cloudevents+json; charset=utf-8";
    Ok(Message { content_type, headers: Vec::new(), body })
}

/// A text as a header carries it: percent-encoded where it is not plain (`CloudEvents` HTTP, 3.1.3.2).
fn in_header(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' | b'"' | b'%' | 0..=0x20 | 0x7F.. => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_modes_say_the_same() {
        let facts = Facts { contract: "K é\"%".into(), ..Facts::sample(true) };
        let make = |mode| message(mode, "https://oi/x", &facts, Kind::Json, "{\"a\": 1}".into());
        let structured = make(Mode::Structured).unwrap();
        let event: serde_json::Value = serde_json::from_str(&structured.body).unwrap();
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["type"], "ereprov.reprovisioning.completed");
        assert_eq!(
            (&event["id"], &event["source"]),
            (&facts.id.as_str().into(), &"https://oi/x".into())
        );
        assert_eq!(event["subject"], "K é\"%");
        assert_eq!(event["data"]["a"], 1);
        let binary = make(Mode::Binary).unwrap();
        assert_eq!((binary.content_type, &*binary.body), ("application/json", "{\"a\": 1}"));
        let header =
            |name| binary.headers.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        assert_eq!(header("ce-subject"), "K%20%C3%A9%22%25");
        assert_eq!(header("ce-sequence"), "0000000001");
    }

    #[test]
    fn what_is_no_json_travels_as_text() {
        let facts = Facts::sample(true);
        let made = message(Mode::Structured, "s", &facts, Kind::Csv, "a;\"b\"\n".into()).unwrap();
        let event: serde_json::Value = serde_json::from_str(&made.body).unwrap();
        assert_eq!(event["data"], "a;\"b\"\n");
        assert_eq!(event["datacontenttype"], "text/csv; charset=utf-8");
    }
}
