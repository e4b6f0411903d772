//! Every answer of the specification, read to the values that a person reads in it.

use ereprov_wire::{
    code_erreur::CodeErreur,
    entete::ReadKo,
    envelope::{Answer, Answered, NoAnswer, Reply, SoapVersion, read_answer},
    lenient::What,
    operation::Operation,
    xml::XmlError,
};

macro_rules! message {
    ($name:literal) => {
        include_str!(concat!($name, ".xml"))
    };
}

/// The answer, and the kinds of its departures, each named once.
fn read(text: &str, operation: Operation) -> (Reply, Vec<What>) {
    let Answered { version, reply, departures } = read_answer(text, operation).expect("an answer");
    assert_eq!(version, SoapVersion::V11, "every sample is SOAP 1.1");
    let mut kinds: Vec<_> = departures.iter().map(|departure| departure.what).collect();
    kinds.dedup();
    (reply, kinds)
}

fn ok(answer: Answer) -> Reply {
    Reply::Ok(answer)
}

#[test]
fn answer_3_2_4() {
    let text = message!("3.2.4-answer.repaired");
    let read = read(text, Operation::GetSiteStructure);
    // Occupe and Reserve.
    assert_eq!(read, (ok(Answer::Site(super::site())), vec![What::Label]));
}

#[test]
fn answer_3_3_4_without_the_page_s_line_breaks() {
    let read = read(message!("3.3.4-answer"), Operation::GetRoSite);
    assert_eq!(read, (ok(Answer::RoSite(super::routes())), vec![What::BrokenLine]));
}

#[test]
fn answer_3_4_5_in_another_namespace_without_return_and_head() {
    let read = read(message!("3.4.5-answer"), Operation::PutReprovisionning);
    let kinds = vec![What::Namespace, What::NoReturn, What::NoHead];
    assert_eq!(read, (ok(Answer::Contrat(super::contract())), kinds));
}

#[test]
fn answer_3_5_5_in_an_outer_fibre() {
    let read = read(message!("3.5.5-answer"), Operation::GetReprovisionning);
    let kinds = vec![What::Name, What::Label, What::BrokenLine];
    assert_eq!(read, (ok(Answer::Suivi(super::follow_up())), kinds));
}

#[test]
fn refusals() {
    for (operation, text) in [
        (Operation::GetSiteStructure, message!("3.2.5-ko.repaired")),
        (Operation::GetRoSite, message!("3.3.5-ko.repaired")),
        (Operation::PutReprovisionning, message!("3.4.6-ko.repaired")),
        (Operation::GetReprovisionning, message!("3.5.6-ko.repaired")),
    ] {
        let ko = ReadKo { code: CodeErreur::PasDeValeur.into(), libelle: "Pas de valeur".into() };
        assert_eq!(read(text, operation), (Reply::Ko(ko), vec![]));
    }
}

#[test]
fn what_is_not_well_formed_as_printed_says_where() {
    for (operation, text, line) in [
        (Operation::GetSiteStructure, message!("3.2.4-answer.verbatim"), 16),
        (Operation::GetSiteStructure, message!("3.2.5-ko.verbatim"), 2),
        (Operation::GetRoSite, message!("3.3.5-ko.verbatim"), 2),
        (Operation::PutReprovisionning, message!("3.4.6-ko.verbatim"), 2),
        (Operation::GetReprovisionning, message!("3.5.6-ko.verbatim"), 2),
    ] {
        let refused = NoAnswer::Xml(XmlError::Malformed { line });
        assert_eq!(read_answer(text, operation), Err(refused), "{text}");
    }
}

/// What ours writes is read back as it was, and departs in nothing; a tower of ten thousand sockets, too.
#[test]
fn what_is_written_is_read_back() {
    let mut tower = super::site();
    let floor = tower.batiments[0].escaliers[0].etages[0].clone();
    let floors = std::iter::repeat_n(floor, 3334);
    tower.batiments[0].escaliers[0].etages = floors.collect();
    for (operation, answer) in [
        (Operation::GetSiteStructure, Answer::Site(tower)),
        (Operation::GetRoSite, Answer::RoSite(super::routes())),
        (Operation::PutReprovisionning, Answer::Contrat(super::contract())),
        (Operation::GetReprovisionning, Answer::Suivi(super::follow_up())),
    ] {
        assert_eq!(read(&super::write(operation, &answer), operation), (ok(answer), vec![]));
    }
}
