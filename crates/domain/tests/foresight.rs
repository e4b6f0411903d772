//! What is foreseen without every fact, held against the rules on every way in which the facts may turn
//! out.

use ereprov_domain::{
    eligibility::{Asked, Line, PboRelation, Rule, Target, check},
    foresight::{Case, Fact, Forecast, foresee},
    order::{self, BuildingKind, RouteKind},
    reason::Reason,
    route::{Construction, Holder, Usage},
};

/// Breaks nothing.
fn case(keep_pto: bool) -> Case {
    Case {
        line: Line {
            zone: order::Zone::Ztd,
            building: BuildingKind::Collective,
            route: RouteKind::Real,
            existing_socket: false,
            opac: false,
            has_socket: true,
        },
        asked: Asked { reason: Reason::BrokenFibre, keep_pto, names_pto: false },
        target: Target {
            same_pm: true,
            pbo: PboRelation::OfTheOrder,
            is_current: false,
            construction: Construction::ToBuild,
            usage: Usage::Available,
            holder: Holder::Nobody,
            kept_pto_holder: Holder::Nobody,
        },
    }
}

const ALL: [Fact; 14] = [
    Fact::Zone,
    Fact::Building,
    Fact::Route,
    Fact::ExistingSocket,
    Fact::Opac,
    Fact::HasSocket,
    Fact::Pm,
    Fact::Pbo,
    Fact::PboOfTheSite,
    Fact::CurrentRoute,
    Fact::Construction,
    Fact::Usage,
    Fact::Holder,
    Fact::KeptSocketHolder,
];

#[test]
fn with_every_fact_it_is_the_rules_own_word() {
    let good = case(true);
    assert_eq!(foresee(good, &[]), Forecast::Allowed);
    let bad = Case { target: Target { is_current: true, ..good.target }, ..good };
    assert_eq!(check(&bad.line, &bad.asked, &bad.target), Err(Rule::SameFibre));
    assert_eq!(foresee(bad, &[]), Forecast::Refused(vec![Rule::SameFibre]));
}

#[test]
fn what_does_not_matter_is_not_wanted() {
    // Without keeping the socket nobody asks for OPAC, nor whether it is built; on the order's own PBO
    // nobody asks for the zone.
    assert_eq!(
        foresee(case(false), &[Fact::Opac, Fact::Construction, Fact::Zone]),
        Forecast::Allowed
    );
    // In ZTD, in a collective building, any PBO of the site will do.
    assert_eq!(foresee(case(false), &[Fact::PboOfTheSite]), Forecast::Allowed);
    let elsewhere =
        Forecast::Unknown { facts: vec![Fact::Pbo], rules: vec![Rule::PboOfAnotherSite] };
    assert_eq!(foresee(case(false), &[Fact::Pbo, Fact::Construction]), elsewhere);
}

#[test]
fn what_is_wanted_is_named_with_the_rule_that_wants_it() {
    let wants = |keep, unknown: &[Fact]| foresee(case(keep), unknown);
    let unknown = |facts: &[Fact], rules: &[Rule]| Forecast::Unknown {
        facts: facts.to_vec(),
        rules: rules.to_vec(),
    };
    assert_eq!(wants(true, &[Fact::Opac]), unknown(&[Fact::Opac], &[Rule::KeepsOpacSocket]));
    assert_eq!(
        wants(false, &[Fact::CurrentRoute]),
        unknown(&[Fact::CurrentRoute], &[Rule::SameFibre])
    );
    assert_eq!(
        wants(false, &[Fact::Pm, Fact::Holder]),
        unknown(&[Fact::Pm, Fact::Holder], &[Rule::OtherPm, Rule::HeldByAnother])
    );
}

#[test]
fn a_refusal_that_is_certain_does_not_wait_for_facts() {
    let kept = Case { asked: Asked { reason: Reason::WrongPto, ..case(true).asked }, ..case(true) };
    let rules = foresee(kept, &[Fact::Construction, Fact::Usage, Fact::Holder]);
    assert_eq!(rules, Forecast::Refused(vec![Rule::KeepsDespiteReason]));
    // Refused either way, by one rule or the other.
    let zmd = Case {
        line: Line { zone: order::Zone::Zmd, ..case(false).line },
        target: Target { is_current: true, ..case(false).target },
        ..case(false)
    };
    let forecast = foresee(zmd, &[Fact::PboOfTheSite]);
    assert_eq!(forecast, Forecast::Refused(vec![Rule::SameFibre, Rule::OtherPboInZmd]));
}

/// For every pair of unknown facts and every reason: what is foreseen is what each way it may turn out
/// comes to, and the facts that are named are those that change it.
#[test]
fn every_pair_of_unknown_facts() {
    for reason in Reason::ALL {
        for keep in [false, true] {
            for one in ALL {
                for other in ALL {
                    let case =
                        Case { asked: Asked { reason: *reason, ..case(keep).asked }, ..case(keep) };
                    let whole = foresee(case, &[one, other]);
                    let parts = completions(case, one, other);
                    let allowed = parts.iter().filter(|said| said.is_ok()).count();
                    match &whole {
                        Forecast::Allowed => assert_eq!(allowed, parts.len()),
                        Forecast::Refused(rules) => {
                            assert_eq!(allowed, 0);
                            assert!(parts.iter().all(|p| rules.contains(&p.unwrap_err())));
                        }
                        Forecast::Unknown { facts, rules } => {
                            assert!(allowed > 0 && allowed < parts.len());
                            assert!(!facts.is_empty() && !rules.is_empty(), "{one:?} {other:?}");
                        }
                    }
                }
            }
        }
    }
}

/// What the rules say to each way in which two facts may turn out, written down once more.
fn completions(case: Case, one: Fact, other: Fact) -> Vec<Result<(), Rule>> {
    let first = turned_out(case, one).into_iter();
    let cases = first.flat_map(|case| turned_out(case, other));
    cases.map(|case| check(&case.line, &case.asked, &case.target)).collect()
}

fn turned_out(case: Case, fact: Fact) -> Vec<Case> {
    let holders = [Holder::Nobody, Holder::ThisContract, Holder::AnotherContract];
    let mut cases = vec![case; 3];
    for (number, case) in cases.iter_mut().enumerate() {
        let (line, target, second) = (&mut case.line, &mut case.target, number == 1);
        let pbo = [PboRelation::OfTheOrder, PboRelation::OfTheSite, PboRelation::Elsewhere][number];
        match fact {
            Fact::Zone => line.zone = [order::Zone::Ztd, order::Zone::Zmd][usize::from(second)],
            Fact::Building => {
                line.building =
                    [BuildingKind::Collective, BuildingKind::House][usize::from(second)];
            }
            Fact::Route => line.route = [RouteKind::Real, RouteKind::Virtual][usize::from(second)],
            Fact::ExistingSocket => line.existing_socket = second,
            Fact::Opac => line.opac = second,
            Fact::HasSocket => line.has_socket = second,
            Fact::Pm => target.same_pm = second,
            Fact::Pbo => target.pbo = pbo,
            Fact::PboOfTheSite if number == 2 => target.pbo = PboRelation::OfTheSite,
            Fact::PboOfTheSite => target.pbo = pbo,
            Fact::CurrentRoute => target.is_current = second,
            Fact::Construction => {
                let all = [Construction::ToBuild, Construction::BeingBuilt, Construction::Built];
                target.construction = all[number];
            }
            Fact::Usage => {
                target.usage = [Usage::Available, Usage::Occupied, Usage::Reserved][number];
            }
            Fact::Holder => target.holder = holders[number],
            Fact::KeptSocketHolder => target.kept_pto_holder = holders[number],
        }
    }
    cases
}
