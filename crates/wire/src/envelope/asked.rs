//! From a question to text, strictly by the WSDL.

use super::{
    SoapVersion,
    header::{PASSWORD_TEXT, WSSE},
};
use crate::{
    NAMESPACE,
    question::{BadValue, Question},
    security::Password,
    xml::Writer,
};

/// Writes a question as a whole document; with a login, it carries a UsernameToken with the password in
/// clear, and so does the text then.
///
/// # Errors
/// The first value that the service would refuse with 20001.
pub fn write_question(
    version: SoapVersion,
    login: Option<(&str, &Password)>,
    question: &Question,
) -> Result<String, BadValue> {
    let mut w = Writer::document();
    w.start("S:Envelope").attribute("xmlns:S", version.namespace());
    if let Some((username, password)) = login {
        w.start("S:Header").start("wsse:Security").attribute("xmlns:wsse", WSSE);
        w.attribute("S:mustUnderstand", "1").start("wsse:UsernameToken");
        w.element("wsse:Username", username);
        w.start("wsse:Password").attribute("Type", PASSWORD_TEXT).text(password.expose());
        w.end().end().end().end();
    }
    w.start("S:Body");
    w.start(question.operation().question_element()).attribute("xmlns:ns2", NAMESPACE);
    question.write(&mut w)?;
    Ok(w.finish())
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
        let password = Password::new("p&w".into());
        for version in [SoapVersion::V11, SoapVersion::V12] {
            for question in [
                Question::PutReprovisionning(put()),
                Question::GetRoSite(routes.clone()),
                Question::GetRoSite(own.clone()),
                Question::GetSiteStructure(GetSiteStructure { reference_contrat: "A".into() }),
            ] {
                let text = write_question(version, Some(("oc", &password)), &question).unwrap();
                let message = read(&text, SoapVersion::V11, &[]).unwrap();
                assert_eq!(message.version, version);
                assert_eq!(message.question, Ok(question));
                let token = &message.header.tokens[0];
                assert_eq!((&*token.username, token.password.as_ref()), ("oc", Some(&password)));
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
