//! From a question to text, strictly by the WSDL.

use super::{
    SoapVersion,
    header::{BASE64_BINARY, PASSWORD_DIGEST, PASSWORD_TEXT, WSSE, WSU},
};
use crate::{
    NAMESPACE,
    question::{BadValue, Question},
    security::UsernameToken,
    xml::Writer,
};

/// Writes a question as a whole document. With a token it carries a login: the password in clear, or for some
/// minutes what is worth as much.
///
/// # Errors
/// The first value that the service would refuse with 20001.
pub fn write_question(
    version: SoapVersion,
    token: Option<&UsernameToken>,
    question: &Question,
) -> Result<String, BadValue> {
    let mut w = Writer::document();
    w.start("S:Envelope").attribute("xmlns:S", version.namespace());
    if let Some(token) = token {
        w.start("S:Header").start("wsse:Security").attribute("xmlns:wsse", WSSE);
        w.attribute("S:mustUnderstand", "1");
        write_token(&mut w, token);
        w.end().end();
    }
    w.start("S:Body");
    w.start(question.operation().question_element()).attribute("xmlns:ns2", NAMESPACE);
    question.write(&mut w)?;
    Ok(w.finish())
}

/// UsernameToken Profile 1.1.1, §3.1.
fn write_token(w: &mut Writer, token: &UsernameToken) {
    w.start("wsse:UsernameToken");
    w.element("wsse:Username", &token.username);
    if let Some(password) = &token.password {
        w.start("wsse:Password").attribute("Type", PASSWORD_TEXT).text(password.expose()).end();
    }
    if let Some(digest) = &token.digest {
        w.start("wsse:Password").attribute("Type", PASSWORD_DIGEST).text(&digest.digest).end();
        if let Some(nonce) = &digest.nonce {
            w.start("wsse:Nonce").attribute("EncodingType", BASE64_BINARY).text(nonce).end();
        }
        if let Some(created) = &digest.created {
            w.start("wsu:Created").attribute("xmlns:wsu", WSU).text(created).end();
        }
    }
    w.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        envelope::read,
        get_ro_site::{GetRoSite, Lieu},
        get_site_structure::GetSiteStructure,
        motif::Motif,
        put_reprovisionning::PutReprovisionning,
        security::{Password, PasswordDigest},
        text::BadText,
    };

    fn put() -> PutReprovisionning {
        PutReprovisionning {
            reference_contrat: "MUT & <1>".into(),
            reference_fibre: "CTP-1".into(),
            reference_pto: Some("CTP-2".into()),
            conservation_pto: true,
            motif: Motif::ProblemeGenieCivil,
        }
    }

    #[test]
    fn what_is_written_is_what_the_service_reads() {
        let lieu = Lieu {
            reference_batiment: "B".into(),
            reference_escalier: "E".into(),
            reference_etage: "é".into(),
        };
        let routes =
            GetRoSite { reference_contrat: "A".into(), lieu: Some(lieu), reference_pbo: None };
        let own = GetRoSite { lieu: None, reference_pbo: Some("BE-06".into()), ..routes.clone() };
        let text = UsernameToken {
            username: "oc".into(),
            password: Some(Password::new("p&w".into())),
            digest: None,
        };
        let digest = PasswordDigest {
            digest: "ZGlnZXN0".into(),
            nonce: Some("bm9uY2U=".into()),
            created: Some("2026-11-25T07:08:57.210Z".into()),
            message_created: None,
            message_expires: None,
        };
        let digest = UsernameToken { username: "oc".into(), password: None, digest: Some(digest) };
        for version in [SoapVersion::V11, SoapVersion::V12] {
            for question in [
                Question::PutReprovisionning(put()),
                Question::GetRoSite(routes.clone()),
                Question::GetRoSite(own.clone()),
                Question::GetSiteStructure(GetSiteStructure { reference_contrat: "A".into() }),
            ] {
                for token in [&text, &digest] {
                    let written = write_question(version, Some(token), &question).unwrap();
                    let message = read(&written, SoapVersion::V11, &[]).unwrap();
                    assert_eq!(message.version, version);
                    assert_eq!(message.question, Ok(question.clone()));
                    assert_eq!(message.header.tokens, std::slice::from_ref(token));
                }
            }
        }
    }

    #[test]
    fn the_order_is_the_wsdl_s_and_a_boolean_is_a_digit() {
        let text = write_question(SoapVersion::V11, None, &Question::PutReprovisionning(put()));
        let text = text.unwrap();
        let inside = "<referenceContrat>MUT &amp; &lt;1&gt;</referenceContrat>\
                      <referenceFibre>CTP-1</referenceFibre><referencePTO>CTP-2</referencePTO>\
                      <conservationPTO>1</conservationPTO><motif>Problème génie civil</motif>";
        assert!(text.contains(inside), "{text}");
        assert!(!text.contains("Header"), "{text}");
    }

    #[test]
    fn what_the_service_would_refuse_is_not_written() {
        let refused = |put: PutReprovisionning| {
            write_question(SoapVersion::V11, None, &Question::PutReprovisionning(put)).unwrap_err()
        };
        let missing = refused(PutReprovisionning { reference_fibre: " ".into(), ..put() });
        assert_eq!(missing, BadValue { field: "referenceFibre", problem: None });
        let long = refused(PutReprovisionning { reference_contrat: "x".repeat(31), ..put() });
        let problem = Some(BadText::TooLong { found: 31, max: 30 });
        assert_eq!(long, BadValue { field: "referenceContrat", problem });
        let strange = refused(PutReprovisionning { reference_pto: Some("€".into()), ..put() });
        let problem = Some(BadText::Forbidden { character: '€', position: 1 });
        assert_eq!(strange, BadValue { field: "referencePTO", problem });
    }
}
