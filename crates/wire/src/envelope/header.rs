//! The header blocks that are understood: WS-Security's UsernameToken and WS-Addressing.

use roxmltree::Node;

use super::{SoapVersion, fault::FaultKind};
use crate::{
    operation::Operation,
    question::text_of,
    security::{Password, PasswordDigest, UsernameToken},
    text::cut,
};

pub(super) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// The type of a password in clear (UsernameToken Profile 1.1.1, §3.1).
pub(super) const PASSWORD_TEXT: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
/// The type of a digest of one (the same).
pub(super) const PASSWORD_DIGEST: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";
/// How a nonce is encoded (the same).
pub(super) const BASE64_BINARY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
pub(super) const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const WSA: [&str; 2] =
    ["http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"];
const HEADER_BLOCKS_MAX: usize = 32;
/// Longest `wsa:MessageID` that is kept, in characters: it names a request (contract.md, D22a).
const MESSAGE_ID_MAX: usize = 255;

/// What the header says.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Whether it says anything at all, were it not for this service.
    pub has_blocks: bool,
    /// Every UsernameToken that is meant for this service.
    pub tokens: Vec<UsernameToken>,
    /// WS-Addressing, where the question names itself.
    pub addressing: Option<Addressing>,
    /// The methods that `wsa:Action` names.
    pub actions: Vec<Operation>,
}

/// The name that WS-Addressing gives to a question, to which the answer relates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressing {
    /// The namespace (there are two in use) in which the question addressed.
    pub namespace: &'static str,
    /// `wsa:MessageID`
    pub message_id: String,
}

/// Reads a header, or says why nothing may be processed.
pub(super) fn read(header: Node<'_, '_>, version: SoapVersion) -> Result<Header, FaultKind> {
    let blocks: Vec<_> = header.children().filter(Node::is_element).collect();
    if blocks.len() > HEADER_BLOCKS_MAX {
        return Err(FaultKind::Client("trop de blocs d'en-tête".into()));
    }
    let mut read = Header { has_blocks: !blocks.is_empty(), ..Header::default() };
    let ours = blocks.into_iter().filter(|block| is_for_us(*block, version));
    let (known, unknown): (Vec<_>, Vec<_>) = ours.partition(|block| is_understood(*block));
    let refused: Vec<_> = unknown
        .into_iter()
        .filter(|block| must_understand(*block, version))
        .map(|block| {
            let tag = block.tag_name();
            (tag.namespace().unwrap_or_default().to_owned(), cut(tag.name(), 60).to_owned())
        })
        .collect();
    if !refused.is_empty() {
        return Err(FaultKind::MustUnderstand(refused));
    }
    for block in known {
        match wsa_namespace(block) {
            Some(namespace) => read_addressing(block, namespace, &mut read)?,
            None => read.tokens.extend(
                block
                    .children()
                    .filter(|child| is_wsse(*child, "UsernameToken"))
                    .map(|token| read_token(token, block)),
            ),
        }
    }
    Ok(read)
}

fn is_wsse(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(WSSE) && node.tag_name().name() == name
}

fn wsa_namespace(block: Node<'_, '_>) -> Option<&'static str> {
    WSA.into_iter().find(|namespace| block.tag_name().namespace() == Some(namespace))
}

fn is_understood(block: Node<'_, '_>) -> bool {
    const ADDRESSING: [&str; 7] =
        ["Action", "To", "MessageID", "ReplyTo", "FaultTo", "From", "RelatesTo"];
    is_wsse(block, "Security")
        || (wsa_namespace(block).is_some() && ADDRESSING.contains(&block.tag_name().name()))
}

fn is_for_us(block: Node<'_, '_>, version: SoapVersion) -> bool {
    let namespace = version.namespace();
    match version {
        SoapVersion::V11 => matches!(
            block.attribute((namespace, "actor")),
            None | Some("" | "http://schemas.xmlsoap.org/soap/actor/next")
        ),
        SoapVersion::V12 => match block.attribute((namespace, "role")) {
            None | Some("") => true,
            Some(role) => ["next", "ultimateReceiver"].iter().any(|known| {
                role.strip_prefix("http://www.w3.org/2003/05/soap-envelope/role/") == Some(known)
            }),
        },
    }
}

fn must_understand(block: Node<'_, '_>, version: SoapVersion) -> bool {
    let flag = block.attribute((version.namespace(), "mustUnderstand"));
    matches!(flag.map(str::trim), Some("1" | "true"))
}

fn read_addressing(
    block: Node<'_, '_>,
    namespace: &'static str,
    read: &mut Header,
) -> Result<(), FaultKind> {
    match block.tag_name().name() {
        "Action" => {
            read.actions.extend(text_of(block).and_then(|text| Operation::named_by_action(&text)));
            Ok(())
        }
        "ReplyTo" | "FaultTo" => {
            let address =
                block.descendants().find(|node| node.has_tag_name((namespace, "Address")));
            let address = address.and_then(text_of).unwrap_or_default();
            if is_answerable(address.trim(), namespace) {
                Ok(())
            } else {
                Err(FaultKind::OnlyAnonymousAddress)
            }
        }
        "MessageID" => {
            let id = text_of(block).unwrap_or_default().trim().to_owned();
            if id.chars().count() > MESSAGE_ID_MAX {
                return Err(FaultKind::Client("wsa:MessageID : 255 caractères au plus".into()));
            }
            if !id.is_empty() {
                read.addressing = Some(Addressing { namespace, message_id: id });
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// An answer goes back on its own connection, or nowhere; this service opens none.
fn is_answerable(address: &str, namespace: &str) -> bool {
    let anonymous = ["/anonymous", "/none", "/role/anonymous"];
    address.is_empty() || anonymous.iter().any(|end| address.strip_prefix(namespace) == Some(end))
}

fn read_token(token: Node<'_, '_>, security: Node<'_, '_>) -> UsernameToken {
    let child = |name: &str| token.children().find(|child| is_wsse(*child, name));
    let username = child("Username").and_then(text_of).unwrap_or_default().trim().to_owned();
    let password = child("Password");
    let text = password.and_then(text_of);
    let digested = password
        .and_then(|password| password.attribute("Type"))
        .is_some_and(|kind| kind.ends_with("#PasswordDigest"));
    if !digested {
        return UsernameToken { username, password: text.map(Password::new), digest: None };
    }
    let trimmed = |text: String| text.trim().to_owned();
    let nonce = child("Nonce").filter(|nonce| is_base64(*nonce)).and_then(text_of);
    let message = wsu(security, "Timestamp");
    let of_message = |name: &str| message.and_then(|m| wsu(m, name)).and_then(text_of).map(trimmed);
    let digest = PasswordDigest {
        digest: text.map(trimmed).unwrap_or_default(),
        nonce: nonce.map(trimmed),
        created: wsu(token, "Created").and_then(text_of).map(trimmed),
        message_created: of_message("Created"),
        message_expires: of_message("Expires"),
    };
    UsernameToken { username, password: None, digest: Some(digest) }
}

fn wsu<'a, 'i>(parent: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    parent.children().find(|child| child.has_tag_name((WSU, name)))
}

/// Base64 is what a nonce is in where it says nothing (UsernameToken Profile 1.1.1, §3.1).
fn is_base64(nonce: Node<'_, '_>) -> bool {
    nonce.attribute("EncodingType").is_none_or(|kind| kind.trim().ends_with("#Base64Binary"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    /// The first token of a security header with these attributes of its nonce.
    fn token(nonce: &str, beside: &str) -> UsernameToken {
        let text = format!(
            "<s:Header xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:u='{WSU}'>\
             <w:Security xmlns:w='{WSSE}'>{beside}<w:UsernameToken><w:Username> oc </w:Username>\
             <w:Password Type='x#PasswordDigest'> ZGlnZXN0 </w:Password><w:Nonce{nonce}>bm9uY2U=\
             </w:Nonce><u:Created>2026-11-25T07:08:57.210Z</u:Created></w:UsernameToken>\
             </w:Security></s:Header>"
        );
        let document = parse(&text, &Limits::QUESTION).unwrap();
        read(document.root_element(), SoapVersion::V11).unwrap().tokens.remove(0)
    }

    #[test]
    fn a_digest_comes_with_all_that_is_hashed_and_with_the_times_beside_it() {
        let read = token(
            "",
            "<u:Timestamp u:Id='T'><u:Created>a</u:Created><u:Expires>b</u:Expires></u:Timestamp>",
        );
        assert_eq!((read.username.as_str(), read.password), ("oc", None));
        let expected = PasswordDigest {
            digest: "ZGlnZXN0".into(),
            nonce: Some("bm9uY2U=".into()),
            created: Some("2026-11-25T07:08:57.210Z".into()),
            message_created: Some("a".into()),
            message_expires: Some("b".into()),
        };
        assert_eq!(read.digest, Some(expected));
    }

    #[test]
    fn a_nonce_in_another_encoding_is_none() {
        let nonce = |attributes: &str| token(attributes, "").digest.unwrap().nonce;
        assert_eq!(nonce(" EncodingType='x#Base64Binary'"), Some("bm9uY2U=".into()));
        assert_eq!(nonce(" EncodingType='x#HexBinary'"), None);
    }
}
