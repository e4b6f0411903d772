//! From text to a question.

use roxmltree::Node;

use super::{
    SoapVersion,
    fault::{Fault, FaultKind},
    header::{self, Header},
};
use crate::{
    NAMESPACE,
    operation::Operation,
    question::{BadArgument, Question, contract_at_a_glance},
    xml::{Limits, parse},
};

/// A question of a known method. Its arguments may still be wrong: that is said after who asks is
/// known (contract.md, D26).
#[derive(Debug, Clone)]
pub struct Message {
    /// The version to answer in.
    pub version: SoapVersion,
    /// The method.
    pub operation: Operation,
    /// Its arguments, or the first one that is wrong.
    pub question: Result<Question, BadArgument>,
    /// The contract asked about, where it can be read, whatever else is wrong.
    pub reference_contrat: Option<String>,
    /// The header.
    pub header: Header,
}

/// Reads an envelope. `hint` is the version to complain in before the envelope tells its own;
/// `actions` are the SOAPAction header and the action parameter as they came.
///
/// # Errors
/// A fault for whatever is not an envelope with one element of a known method in its body, in the
/// order version, mustUnderstand, message (WS-I R2725).
pub fn read(text: &str, hint: SoapVersion, actions: &[&str]) -> Result<Message, Fault> {
    let client = |reason: String| FaultKind::Client(reason).in_version(hint);
    if text.trim().is_empty() {
        return Err(client("le corps est vide".into()));
    }
    let document = parse(text, &Limits::QUESTION).map_err(|error| client(error.to_string()))?;
    let envelope = document.root_element();
    if envelope.tag_name().name() != "Envelope" {
        return Err(client("l'élément racine n'est pas une enveloppe SOAP".into()));
    }
    let version = SoapVersion::of_namespace(envelope.tag_name().namespace().unwrap_or_default())
        .ok_or_else(|| FaultKind::VersionMismatch.in_version(SoapVersion::V11))?;
    read_envelope(envelope, version, actions).map_err(|kind| kind.in_version(version))
}

fn read_envelope(
    envelope: Node<'_, '_>,
    version: SoapVersion,
    actions: &[&str],
) -> Result<Message, FaultKind> {
    let client = |reason: &str| FaultKind::Client(reason.to_owned());
    let mut parts = envelope.children().filter(Node::is_element).peekable();
    let header = parts.next_if(|part| part.has_tag_name((version.namespace(), "Header")));
    let header = match header {
        Some(block) => header::read(block, version)?,
        None => Header::default(),
    };
    let body = parts.next().filter(|part| part.has_tag_name((version.namespace(), "Body")));
    let body = body.ok_or_else(|| client("l'enveloppe n'a pas de Body"))?;
    if parts.next().is_some() {
        return Err(client("rien ne peut suivre le Body"));
    }
    let mut children = body.children().filter(Node::is_element);
    let wrapper = children.next().ok_or_else(|| client("le Body est vide"))?;
    if children.next().is_some() {
        return Err(client("le Body contient plus d'un élément"));
    }
    let operation = operation_of(wrapper)?;
    let mut named = actions.iter().filter_map(|action| Operation::named_by_action(action));
    if named.any(|named| named != operation) {
        return Err(client("SOAPAction nomme une autre méthode que le Body"));
    }
    if header.actions.iter().any(|named| *named != operation) {
        return Err(client("wsa:Action nomme une autre méthode que le Body"));
    }
    Ok(Message {
        version,
        operation,
        question: Question::read(operation, wrapper),
        reference_contrat: contract_at_a_glance(wrapper),
        header,
    })
}

fn operation_of(wrapper: Node<'_, '_>) -> Result<Operation, FaultKind> {
    let tag = wrapper.tag_name();
    match Operation::named(tag.name()) {
        Some(operation) if tag.namespace() == Some(NAMESPACE) => Ok(operation),
        Some(operation) => Err(FaultKind::Client(format!(
            "{operation} doit être dans l'espace de noms {NAMESPACE}"
        ))),
        None => {
            let all = Operation::ALL.map(Operation::name).join(", ");
            Err(FaultKind::Client(format!("méthode inconnue ; le service connaît {all}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    const V12: &str = "http://www.w3.org/2003/05/soap-envelope";
    const WSSE: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

    fn envelope(namespace: &str, header: &str, body: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='{namespace}' xmlns:e='{NAMESPACE}'><s:Header>{header}</s:Header>\
             <s:Body>{body}</s:Body></s:Envelope>"
        )
    }

    const QUESTION: &str =
        "<e:getReprovisionning><referenceContrat>A</referenceContrat></e:getReprovisionning>";

    fn kind(text: &str) -> FaultKind {
        read(text, SoapVersion::V11, &[]).expect_err("a fault").kind
    }

    #[test]
    fn the_envelope_decides_the_version() {
        for (namespace, version) in [(V11, SoapVersion::V11), (V12, SoapVersion::V12)] {
            let message = read(&envelope(namespace, "", QUESTION), SoapVersion::V11, &[]).unwrap();
            assert_eq!(message.version, version);
            assert_eq!(message.operation, Operation::GetReprovisionning);
            assert_eq!(message.question.unwrap().reference_contrat(), "A");
        }
        let fault = read(&envelope("urn:other", "", QUESTION), SoapVersion::V12, &[]).unwrap_err();
        assert_eq!(fault, FaultKind::VersionMismatch.in_version(SoapVersion::V11));
    }

    #[test]
    fn what_is_not_one_known_method_is_a_fault() {
        for body in [
            "",
            "<getReprovisionning/>",
            "<e:getReprovisioning/>",
            "<e:deleteEverything/>",
            "<e:getReprovisionning/><e:getRoSite/>",
        ] {
            assert!(matches!(kind(&envelope(V11, "", body)), FaultKind::Client(_)), "{body}");
        }
        assert!(matches!(kind("<a/>"), FaultKind::Client(_)));
        assert!(matches!(kind("not xml"), FaultKind::Client(_)));
        let trailing = format!("<s:Envelope xmlns:s='{V11}'><s:Body/><s:More/></s:Envelope>");
        assert!(matches!(kind(&trailing), FaultKind::Client(_)));
    }

    #[test]
    fn must_understand_is_obeyed_where_it_is_for_us() {
        let block = |attributes: &str| format!("<x:h xmlns:x='urn:x' {attributes}/>");
        let refused = envelope(V11, &block("s:mustUnderstand='1'"), QUESTION);
        assert_eq!(kind(&refused), FaultKind::MustUnderstand(vec![("urn:x".into(), "h".into())]));
        for passed in [
            "mustUnderstand='1'",
            "s:mustUnderstand='0'",
            "s:mustUnderstand='1' s:actor='urn:someone-else'",
        ] {
            assert!(read(&envelope(V11, &block(passed), QUESTION), SoapVersion::V11, &[]).is_ok());
        }
    }

    #[test]
    fn a_soap_action_may_not_name_another_method() {
        let text = envelope(V11, "", QUESTION);
        let with = |action: &str| read(&text, SoapVersion::V11, &["", action]);
        for fine in ["", "\"\"", "None", "\"getReprovisionning\"", "urn:anything"] {
            assert!(with(fine).is_ok(), "{fine}");
        }
        for spoofed in ["\"putReprovisionning\"", "http://sfr.fr/hermes/eReprov/getRoSite"] {
            assert!(matches!(with(spoofed).unwrap_err().kind, FaultKind::Client(_)), "{spoofed}");
        }
    }

    #[test]
    fn username_tokens() {
        let token = |kind: &str| {
            format!(
                "<w:Security xmlns:w='{WSSE}' s:mustUnderstand='1'><w:UsernameToken>\
                 <w:Username>oc</w:Username><w:Password{kind}>p&amp;w</w:Password>\
                 </w:UsernameToken></w:Security>"
            )
        };
        let read = |kind: &str| {
            let text = envelope(V12, &token(kind), QUESTION);
            read(&text, SoapVersion::V11, &[]).unwrap().header.tokens.remove(0)
        };
        assert_eq!(read("").password.unwrap().expose(), "p&w");
        assert_eq!(read(" Type='u#PasswordText'").password.unwrap().expose(), "p&w");
        assert_eq!(read(" Type='u#PasswordDigest'").password, None);
        assert!(!format!("{:?}", read("")).contains("p&w"));
    }

    #[test]
    fn addressing_names_the_question_and_never_redirects_the_answer() {
        let wsa = "http://www.w3.org/2005/08/addressing";
        let header = |inside: &str| {
            envelope(V11, inside, QUESTION)
                .replace("<s:Header>", &format!("<s:Header xmlns:w='{wsa}'>"))
        };
        let named = header(
            "<w:MessageID>urn:uuid:1</w:MessageID><w:ReplyTo><w:Address>http://www.w3.org/2005/08/addressing/anonymous</w:Address></w:ReplyTo>",
        );
        let message = read(&named, SoapVersion::V11, &[]).unwrap();
        assert_eq!(message.header.addressing.unwrap().message_id, "urn:uuid:1");
        let elsewhere = header("<w:ReplyTo><w:Address>http://10.0.0.1/</w:Address></w:ReplyTo>");
        assert_eq!(kind(&elsewhere), FaultKind::OnlyAnonymousAddress);
        let action = |action: &str| header(&format!("<w:Action>{action}</w:Action>"));
        let ours = "http://sfr.fr/hermes/eReprov/eReprov/getReprovisionningRequest";
        for fine in ["", "urn:anything", "getReprovisionning", ours] {
            assert!(read(&action(fine), SoapVersion::V11, &[]).is_ok(), "{fine}");
        }
        for spoofed in [ours.replace("get", "put").as_str(), " putReprovis<!-- -->ionning "] {
            assert!(matches!(kind(&action(spoofed)), FaultKind::Client(_)), "{spoofed}");
        }
    }
}
