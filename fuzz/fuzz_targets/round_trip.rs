//! What is written is read back the same: answers and faults by Expat, questions by the service's own
//! reader.

#![no_main]

use ereprov_fuzz::{
    answers::{answer, as_written, refusal, text},
    expat, questions,
    tree::Element,
    words::{METHODS, SERVICE, SOAP_11, SOAP_12},
};
use ereprov_wire::{
    envelope::{Addressing, Fault, FaultKind, SoapVersion, read, write_answer, write_fault},
    operation::Operation,
    xml::Writer,
};
use libfuzzer_sys::{
    Corpus,
    arbitrary::{Result, Unstructured},
    fuzz_target,
};

const WSA: [&str; 2] =
    ["http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"];
const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let mut u = Unstructured::new(bytes);
    match try_one(&mut u) {
        Ok(()) => Corpus::Keep,
        Err(_) => Corpus::Reject,
    }
});

fn try_one(u: &mut Unstructured<'_>) -> Result<()> {
    let version = *u.choose(&[SoapVersion::V11, SoapVersion::V12])?;
    match u.int_in_range(0..=3)? {
        0 => fault_is_read_back(u, version),
        1 | 2 => question_is_read_back(u, version),
        _ => answer_is_read_back(u, version),
    }
}

fn answer_is_read_back(u: &mut Unstructured<'_>, version: SoapVersion) -> Result<()> {
    let method = u.choose_index(METHODS.len())?;
    let named = if u.arbitrary()? {
        Some(Addressing { namespace: u.choose(&WSA)?, message_id: text(u)? })
    } else {
        None
    };
    let mut inside = Element::plain("return");
    let entete = Element::plain("enteteResponse");
    let operation = Operation::ALL[method];
    let written = if u.ratio(1, 8)? {
        let (ko, told) = refusal(u)?;
        inside = inside.holding(told);
        write_answer(version, operation, named.as_ref(), Err(&ko))
    } else {
        let (answer, elements) = answer(u, method)?;
        inside = inside.holding(entete.holding(Element::plain("statut").saying("OK")));
        inside = elements.into_iter().fold(inside, Element::holding);
        write_answer(version, operation, named.as_ref(), Ok(&answer.write()))
    };
    let soap = namespace(version);
    let mut envelope = Element::in_namespace(soap, "Envelope");
    if let Some(Addressing { namespace, message_id }) = named {
        let action = format!("{SERVICE}eReprov/{}Response", METHODS[method]);
        let header = Element::in_namespace(soap, "Header")
            .holding(Element::in_namespace(namespace, "Action").saying(&action))
            .holding(
                Element::in_namespace(namespace, "RelatesTo").saying(&as_written(&message_id)),
            );
        envelope = envelope.holding(header);
    }
    let response = format!("{}Response", METHODS[method]);
    let response = Element::in_namespace(SERVICE, &response).holding(inside);
    let expected = envelope.holding(Element::in_namespace(soap, "Body").holding(response));
    assert_eq!(expat::read(&written).as_ref(), Ok(&expected), "{written}");
    Ok(())
}

fn fault_is_read_back(u: &mut Unstructured<'_>, version: SoapVersion) -> Result<()> {
    let kind = match u.int_in_range(0..=3)? {
        0 => FaultKind::VersionMismatch,
        1 => FaultKind::OnlyAnonymousAddress,
        2 => FaultKind::Client(text(u)?),
        _ => {
            let blocks = 0..u.int_in_range(1..=3)?;
            let block = |u: &mut Unstructured<'_>| Ok((format!("urn:{}", text(u)?), text(u)?));
            FaultKind::MustUnderstand(blocks.map(|_| block(u)).collect::<Result<_>>()?)
        }
    };
    let fault = Fault { version, kind };
    let written = write_fault(&fault);
    let read = expat::read(&written).unwrap_or_else(|wrong| panic!("{wrong}: {written}"));
    assert_eq!(read.name, (namespace(version).to_owned(), "Envelope".to_owned()));
    let reason = if version == SoapVersion::V11 { "faultstring" } else { "Text" };
    let all = read.all();
    let reason = all.iter().find(|element| element.name.1 == reason).and_then(|e| e.text());
    assert_eq!(reason, Some(&*as_written(&fault.kind.reason())), "{written}");
    Ok(())
}

fn question_is_read_back(u: &mut Unstructured<'_>, version: SoapVersion) -> Result<()> {
    let method = u.choose_index(METHODS.len())?;
    let asked = questions::question(u, method)?;
    let login = u.arbitrary::<bool>()?.then(|| Ok((text(u)?, text(u)?))).transpose()?;
    let mut w = Writer::document();
    w.start("s:Envelope").attribute("xmlns:s", namespace(version)).start("s:Header");
    if let Some((username, password)) = &login {
        w.start("w:Security").attribute("xmlns:w", WSSE).start("w:UsernameToken");
        w.element("w:Username", username).element("w:Password", password).end().end();
    }
    w.end().start("s:Body");
    asked.write(&mut w);
    let written = w.finish();
    // What is too long for a question is no matter of its values.
    let message = match read(&written, SoapVersion::V11, &[]) {
        Ok(message) => message,
        Err(fault) => {
            assert!(written.matches(['<', '=']).count() > 1024, "{fault:?}: {written}");
            return Ok(());
        }
    };
    assert_eq!(message.version, version);
    assert_eq!(message.operation, Operation::ALL[method]);
    asked.check(&message.question);
    let tokens = message.header.tokens.iter();
    let tokens: Vec<_> = tokens
        .map(|t| (t.username.clone(), t.password.as_ref().map(|p| p.expose().to_owned())))
        .collect();
    let login = login.map(|(username, password)| {
        (as_written(&username).trim().to_owned(), Some(as_written(&password)))
    });
    assert_eq!(tokens, Vec::from_iter(login), "{written}");
    Ok(())
}

fn namespace(version: SoapVersion) -> &'static str {
    match version {
        SoapVersion::V11 => SOAP_11,
        SoapVersion::V12 => SOAP_12,
    }
}
