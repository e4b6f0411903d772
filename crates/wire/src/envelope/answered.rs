//! From text to an answer: whatever the tables or the samples show (contract.md, D19).

use roxmltree::Node;

use super::{
    Answer, SoapVersion,
    fault::{ReadFault, read_fault},
};
use crate::{
    NAMESPACE,
    entete::{HEAD, Head, ReadKo, elements, is_head},
    get_reprovisionning::Suivi,
    get_ro_site::{Pbo, RoSite},
    get_site_structure::Site,
    lenient::{Departure, Lenient, What},
    operation::Operation,
    put_reprovisionning::ContratReprovisionne,
    xml::{Limits, XmlError, parse},
};

/// An answer, and how it departs from the WSDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The version that it came in.
    pub version: SoapVersion,
    /// What it says.
    pub reply: Reply,
    /// The first 64 departures.
    pub departures: Vec<Departure>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `statut` OK.
    Ok(Answer),
    /// `statut` KO.
    Ko(ReadKo),
    /// A SOAP fault.
    Fault(ReadFault),
}

/// Why a text is no answer of the method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// There is nothing.
    #[error("the answer is empty")]
    Empty,
    /// It is no XML that is read here.
    #[error("the answer {}", said(.0))]
    Xml(XmlError),
    /// The root is no envelope of SOAP 1.1 or 1.2.
    #[error("the answer is no SOAP envelope")]
    NoEnvelope,
    /// The envelope has no body, or an empty one.
    #[error("the answer's envelope is empty")]
    NoBody,
    /// The body answers another method.
    #[error("the answer is that of {0}")]
    OtherMethod(Operation),
    /// It says neither OK nor KO, and has nothing that the method answers.
    #[error("the answer says neither OK nor KO")]
    NeitherOkNorKo,
}

fn said(error: &XmlError) -> String {
    match error {
        XmlError::Malformed { line } => format!("is not well-formed XML, line {line}"),
        XmlError::TooBig(_) => "is larger or deeper than is read".to_owned(),
        XmlError::Doctype => "has a DOCTYPE, which SOAP forbids".to_owned(),
        XmlError::ProcessingInstruction => "has a processing instruction".to_owned(),
        XmlError::Version => "is not XML 1.0".to_owned(),
        XmlError::Declaration => "has a malformed XML declaration".to_owned(),
    }
}

/// Reads the answer of a method.
///
/// # Errors
/// What cannot be understood; whatever else departs from the WSDL is noted.
pub fn read_answer(text: &str, operation: Operation) -> Result<Answered, NoAnswer> {
    if text.trim().is_empty() {
        return Err(NoAnswer::Empty);
    }
    let document = parse(text, &Limits::ANSWER).map_err(NoAnswer::Xml)?;
    let envelope = document.root_element();
    let namespace = envelope.tag_name().namespace().unwrap_or_default();
    let version = SoapVersion::of_namespace(namespace)
        .filter(|_| envelope.tag_name().name() == "Envelope")
        .ok_or(NoAnswer::NoEnvelope)?;
    let body = elements(envelope).find(|part| part.has_tag_name((namespace, "Body")));
    let wrapper = body.and_then(|body| elements(body).next()).ok_or(NoAnswer::NoBody)?;
    if wrapper.has_tag_name((namespace, "Fault")) {
        let reply = Reply::Fault(read_fault(wrapper));
        return Ok(Answered { version, reply, departures: Vec::new() });
    }
    let mut lenient = Lenient::new(&document);
    let reply = read_wrapper(wrapper, operation, &mut lenient)?;
    Ok(Answered { version, reply, departures: lenient.departures() })
}

fn read_wrapper(
    wrapper: Node<'_, '_>,
    operation: Operation,
    r: &mut Lenient<'_>,
) -> Result<Reply, NoAnswer> {
    let name = wrapper.tag_name().name();
    let answered = Operation::ALL.into_iter().find(|one| name == format!("{one}Response"));
    match answered {
        Some(other) if other != operation => return Err(NoAnswer::OtherMethod(other)),
        Some(_) => {}
        None => r.note(What::Wrapper, wrapper),
    }
    if wrapper.tag_name().namespace() != Some(NAMESPACE) {
        r.note(What::Namespace, wrapper);
    }
    let content = elements(wrapper).find(|child| child.tag_name().name() == "return");
    let content = content.unwrap_or_else(|| {
        r.note(What::NoReturn, wrapper);
        wrapper
    });
    let head = Head::read(content, r);
    match head.statut.as_deref() {
        Some(statut) if statut.eq_ignore_ascii_case("KO") => Ok(Reply::Ko(head.ko())),
        Some(statut) if statut.eq_ignore_ascii_case("OK") => {
            Ok(Reply::Ok(read_ok(operation, content, r).0))
        }
        _ if head.code.is_some() => Ok(Reply::Ko(head.ko())),
        _ => match read_ok(operation, content, r) {
            (answer, true) => Ok(Reply::Ok(answer)),
            (_, false) => Err(NoAnswer::NeitherOkNorKo),
        },
    }
}

/// Reads what stands after the head, and whether there was anything that the method answers.
fn read_ok(operation: Operation, content: Node<'_, '_>, r: &mut Lenient<'_>) -> (Answer, bool) {
    match operation {
        Operation::GetSiteStructure => {
            let found = payload(content, &["site"], r);
            let site = found.first().map(|site| Site::read(*site, r));
            let there = site.is_some();
            (Answer::Site(site.unwrap_or_default()), there)
        }
        Operation::GetRoSite => {
            let found = payload(content, &["pbo"], r);
            let pbos: Vec<_> = found.iter().map(|pbo| Pbo::read(*pbo, r)).collect();
            let there = !pbos.is_empty();
            (Answer::RoSite(RoSite { pbos }), there)
        }
        Operation::PutReprovisionning => {
            let found = contract(content, "codeDecharge", r);
            let read = found.map(|contract| ContratReprovisionne::read(contract, r));
            let there = read.is_some();
            (Answer::Contrat(read.unwrap_or_default()), there)
        }
        Operation::GetReprovisionning => {
            let found = contract(content, "reprovisionning", r);
            let read = found.map(|contract| Suivi::read(contract, r));
            let there = read.is_some();
            (Answer::Suivi(read.unwrap_or_else(|| Suivi::unknown(String::new()))), there)
        }
    }
}

/// The elements of these names after the head; none is noted, and so is anything else.
fn payload<'a, 'i>(
    content: Node<'a, 'i>,
    names: &[&str],
    r: &mut Lenient<'_>,
) -> Vec<Node<'a, 'i>> {
    let mut found = Vec::new();
    for child in elements(content) {
        let name = child.tag_name().name();
        if names.contains(&name) {
            found.push(child);
        } else if !is_head(child) && !HEAD.contains(&name) {
            r.note(What::UnknownElement, child);
        }
    }
    if found.is_empty() {
        r.missing(content, names[0]);
    }
    found
}

/// `contrat`; or the outer `fibre` of sample 3.5.5; or, where what it holds stands without either, what
/// is around that.
fn contract<'a, 'i>(
    content: Node<'a, 'i>,
    inner: &str,
    r: &mut Lenient<'_>,
) -> Option<Node<'a, 'i>> {
    let holds = |node: &Node<'_, '_>| elements(*node).any(|c| c.tag_name().name() == inner);
    let named = |name: &str| elements(content).find(|child| child.tag_name().name() == name);
    if named("contrat").is_some() {
        return payload(content, &["contrat"], r).first().copied();
    }
    let other = named("fibre").filter(holds).or_else(|| Some(content).filter(holds));
    match other {
        Some(node) => r.note(What::Name, node),
        None => r.missing(content, "contrat"),
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        code_erreur::CodeErreur,
        entete::Ko,
        envelope::{FaultKind, write_answer, write_fault},
        etat::Label,
    };

    const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

    fn envelope(body: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='{V11}' xmlns:e='{NAMESPACE}'><s:Body>{body}</s:Body></s:Envelope>"
        )
    }

    fn read(body: &str, operation: Operation) -> Result<Answered, NoAnswer> {
        read_answer(&envelope(body), operation)
    }

    const GET: Operation = Operation::GetReprovisionning;
    const PUT: Operation = Operation::PutReprovisionning;

    #[test]
    fn refusals_in_every_dress() {
        let inside = "<statut>KO</statut><codeErreur>20014</codeErreur>\
                      <libelleErreur> Re-Provisionning introuvable </libelleErreur>";
        for (dressed, kinds) in [
            (format!("<return><enteteResponse>{inside}</enteteResponse></return>"), vec![]),
            (
                format!("<return><EnteteResponse>{inside}</EnteteResponse></return>"),
                vec![What::Name],
            ),
            (format!("<return>{inside}</return>"), vec![What::NoHead]),
            (inside.replace("KO", "ko"), vec![What::NoReturn, What::NoHead]),
            (
                format!("<e:return><e:enteteResponse>{inside}</e:enteteResponse></e:return>")
                    .replace("codeErreur", "codeMotif"),
                vec![],
            ),
        ] {
            let body =
                format!("<e:getReprovisionningResponse>{dressed}</e:getReprovisionningResponse>");
            let answered = read(&body, GET).unwrap();
            let code = CodeErreur::ReprovisionningIntrouvable.into();
            let libelle = "Re-Provisionning introuvable".to_owned();
            assert_eq!(answered.reply, Reply::Ko(ReadKo { code, libelle }), "{body}");
            let noted: Vec<_> = answered.departures.iter().map(|d| d.what).collect();
            assert_eq!(noted, kinds, "{body}");
        }
    }

    #[test]
    fn codes_that_no_table_has_are_kept() {
        let body = "<e:putReprovisionningResponse><return><enteteResponse><statut>KO</statut>\
                    <codeErreur>20013</codeErreur></enteteResponse></return>\
                    </e:putReprovisionningResponse>";
        let ko = ReadKo { code: Label::Other("20013".into()), libelle: String::new() };
        assert_eq!(read(body, PUT).unwrap().reply, Reply::Ko(ko));
    }

    #[test]
    fn an_ok_is_an_acceptance_whatever_is_missing() {
        let body =
            "<m:x xmlns:m='urn:m'><enteteResponse><statut>OK</statut></enteteResponse></m:x>";
        let answered = read(body, PUT).unwrap();
        assert_eq!(answered.reply, Reply::Ok(Answer::Contrat(ContratReprovisionne::default())));
        let noted: Vec<_> = answered.departures.iter().map(|d| d.what).collect();
        assert_eq!(noted, [What::Wrapper, What::Namespace, What::NoReturn, What::Missing]);
    }

    #[test]
    fn a_follow_up_may_stand_in_contrat_in_fibre_or_in_neither() {
        let inside = "<reprovisionning statut='EN COURS'/><pm reference='PM' position='P'/>\
                      <fibre reference='F' referencePTO=''/>";
        for around in ["contrat", "fibre", ""] {
            let (open, close) = match around {
                "" => (String::new(), String::new()),
                name => (format!("<{name} reference='C'>"), format!("</{name}>")),
            };
            let body = format!(
                "<e:getReprovisionningResponse><return><enteteResponse><statut>OK</statut>\
                 </enteteResponse>{open}{inside}{close}</return></e:getReprovisionningResponse>"
            );
            let Reply::Ok(Answer::Suivi(read)) = read(&body, GET).unwrap().reply else { panic!() };
            assert_eq!(read.reference, if around.is_empty() { "" } else { "C" });
            assert_eq!(read.statut.text(), "En cours");
            let route = read.route.unwrap();
            assert_eq!((&*route.reference, route.reference_pto), ("F", None));
            assert_eq!(route.pm.unwrap().position, "P");
        }
    }

    #[test]
    fn what_cannot_be_understood_says_why() {
        let whole = |body: &str| read(body, GET).unwrap_err();
        assert_eq!(read_answer(" \n", GET), Err(NoAnswer::Empty));
        assert_eq!(read_answer("<html/>", GET), Err(NoAnswer::NoEnvelope));
        let malformed = read_answer("<html><br></html>", GET);
        let malformed = malformed.unwrap_err();
        assert_eq!(malformed, NoAnswer::Xml(XmlError::Malformed { line: 1 }));
        assert_eq!(malformed.to_string(), "the answer is not well-formed XML, line 1");
        assert_eq!(whole(""), NoAnswer::NoBody);
        assert_eq!(whole("<e:putReprovisionningResponse/>"), NoAnswer::OtherMethod(PUT));
        for neither in ["", "<return/>", "<return><enteteResponse/></return>"] {
            let body =
                format!("<e:getReprovisionningResponse>{neither}</e:getReprovisionningResponse>");
            assert_eq!(whole(&body), NoAnswer::NeitherOkNorKo, "{neither}");
        }
    }

    #[test]
    fn faults_of_both_versions() {
        for version in [SoapVersion::V11, SoapVersion::V12] {
            let kind = FaultKind::Receiver(CodeErreur::TimeoutClient, "trop lent");
            let Reply::Fault(fault) =
                read_answer(&write_fault(&kind.in_version(version)), GET).unwrap().reply
            else {
                panic!()
            };
            assert_eq!(fault.code_erreur, Some(CodeErreur::TimeoutClient.into()));
            assert!(fault.reason.ends_with("trop lent"), "{fault:?}");
            assert!(!fault.blames_the_message());
            let kind = FaultKind::Client("nom".into());
            let Reply::Fault(fault) =
                read_answer(&write_fault(&kind.in_version(version)), GET).unwrap().reply
            else {
                panic!()
            };
            assert!(fault.blames_the_message(), "{fault:?}");
        }
    }

    #[test]
    fn what_ours_writes_departs_in_nothing() {
        for operation in Operation::ALL {
            let ko = Ko::new(CodeErreur::WsFerme, "fermé");
            let written = write_answer(SoapVersion::V12, operation, None, Err(&ko));
            let answered = read_answer(&written, operation).unwrap();
            let code = CodeErreur::WsFerme.into();
            let libelle = "WS fermé : fermé".to_owned();
            assert_eq!(answered.reply, Reply::Ko(ReadKo { code, libelle }));
            assert_eq!(answered.departures, []);
        }
    }
}
