//! The four methods against our service, in both versions of SOAP and with both logins.

use ereprov_client::{
    CodeErreur, Construction, Error, FibreUsage, Label, Login, Mark, Password, Retry, SCHEDULE,
    SoapVersion, State,
};
use tempfile::tempdir;

use crate::harness::{MUT, Oi, at, client, contract, put};

#[tokio::test]
async fn the_whole_story() {
    let oi = Oi::demo().await;
    let password = || Password::new("oc-demo".into());
    let logins = [
        (SoapVersion::V11, Login::Basic("oc-demo".into(), password()), "CTP-1240446-1"),
        (SoapVersion::V12, Login::UsernameToken("oc-demo".into(), password()), "CTP-1240357-1"),
    ];
    for (soap, login, wanted) in logins {
        let folder = tempdir().unwrap();
        let client = client(oi.endpoint("oc-demo").soap(soap).login(login), folder.path());
        let mut_ = contract(MUT);

        let site = client.structure(&mut_).await.unwrap();
        assert_eq!(site.departures, []);
        assert_eq!(site.usage.quota, 100_000, "as the service says");
        assert!(site.request_id.is_some());
        assert_eq!(site.value.site, "SC-423361");
        let floor = &site.value.floors[0];
        assert_eq!(floor.place.floor, "ETAGE-06");
        assert_eq!(floor.pbos[0].as_str(), "BE-03");
        let socket = floor.sockets.iter().find(|s| s.pto.as_str() == "CTP-1240331-1").unwrap();
        assert_eq!(socket.construction, Construction::ToBuild.into());

        let routes = client.routes(&mut_, &at("BATIMENT-1", "ESCALIER-44", "ETAGE-15")).await;
        let routes = routes.unwrap().value;
        assert_eq!((routes.len(), routes[0].pbo.as_str()), (1, "BE-06"));
        let fibre = routes[0].fibres.iter().find(|f| f.fibre.as_str() == wanted).unwrap();
        assert_eq!(fibre.tube, "Noir");
        assert_eq!(fibre.usage, FibreUsage::Available.into());

        let accepted = client.put(&put(MUT, wanted)).await.unwrap();
        assert!(accepted.discharge_code.unwrap().len() >= 8);
        assert_eq!(accepted.reference, MUT);
        assert_eq!(accepted.fibre.unwrap().as_str(), wanted);
        assert_eq!(accepted.found_out, None);
        assert_eq!(client.unsettled().unwrap(), []);

        let end = until_completed(&client, MUT).await;
        let route = end.route.unwrap();
        assert_eq!(route.fibre.unwrap().as_str(), wanted);
        assert_eq!(route.pm.unwrap().reference, "FI-75056-0423");
    }
    oi.running.stop().await;
}

/// The service's driver works on the machine's clock; the client's waits take no time.
async fn until_completed(
    client: &ereprov_client::Client,
    reference: &str,
) -> ereprov_client::FollowUp {
    for _ in 0..200 {
        let seen = client.follow_up(&contract(reference)).await.unwrap().value;
        if seen.state == State::Completed.into() {
            return seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("never completed");
}

#[tokio::test]
async fn a_refusal_has_its_code_its_label_and_what_to_do() {
    let oi = Oi::demo().await;
    let folder = tempdir().unwrap();
    let client = oi.client(folder.path());
    let Err(Error::Ko(ko)) = client.put(&put(MUT, "CTP-1240332-1")).await else { panic!() };
    assert_eq!(ko.code, CodeErreur::OperationNonAutorisee.into());
    assert!(ko.label.starts_with("Opération non autorisée : "), "{}", ko.label);
    assert_eq!(ko.advice().retry, Retry::WhenMended);
    assert_eq!(client.unsettled().unwrap(), [], "a refusal is certain");

    let unknown = client.structure(&contract("NOBODY-S")).await.unwrap_err();
    let Error::Ko(ko) = &unknown else { panic!("{unknown}") };
    assert_eq!(ko.code, Label::Known(CodeErreur::ContratIntrouvable));
    let never = client.follow_up(&contract(MUT)).await.unwrap_err();
    assert!(never.to_string().contains("20014"), "{never}");

    let spent = client.usage().unwrap().used;
    let long = client.structure(&contract(&"x".repeat(31))).await.unwrap_err();
    assert!(matches!(long, Error::Argument(_)), "{long}");
    assert_eq!(client.usage().unwrap().used, spent, "nothing was sent");
    oi.running.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_never_worth_repeating() {
    let oi = Oi::demo().await;
    let folder = tempdir().unwrap();
    let login = Login::Basic("oc-demo".into(), Password::new("wrong".into()));
    let client = client(oi.endpoint("oc-demo").login(login), folder.path());
    let error = client.structure(&contract(MUT)).await.unwrap_err();
    let Error::Ko(ko) = &error else { panic!("{error}") };
    assert_eq!(ko.code, CodeErreur::LoginIncorrect.into());
    assert_eq!(error.retry(), Retry::Never);
    assert_eq!(client.usage().unwrap().used, 0, "the service does not count it");
    oi.running.stop().await;
}

#[tokio::test]
async fn following_uses_few_calls_and_stops_at_the_end() {
    let oi = Oi::demo().await;
    let folder = tempdir().unwrap();
    let client = oi.client(folder.path());
    let demo = contract("DEMO-LENT");
    client.put(&put("DEMO-LENT", "CTP-6000702-1")).await.unwrap();
    let (before, asked_at) = (client.usage().unwrap().used, now(&client));
    let mut looks = Vec::new();
    let last = client.follow(&demo, &SCHEDULE, |look| {
        looks.push(look.as_ref().unwrap().value.is_final());
    });
    let last = last.await.unwrap().value;
    assert!(!last.is_final(), "it takes a minute of the service's clock");
    assert_eq!(looks, [false; 4]);
    assert_eq!(client.usage().unwrap().used, before + 4);
    assert_eq!(now(&client) - asked_at, 600_000, "the last look is ten minutes after");

    client.put(&put("DEMO-SIMPLE", "CTP-6002102-1")).await.unwrap();
    until_completed(&client, "DEMO-SIMPLE").await;
    let mut looks = 0;
    let last = client.follow(&contract("DEMO-SIMPLE"), &SCHEDULE, |_| looks += 1).await.unwrap();
    assert_eq!((last.value.state, looks), (State::Completed.into(), 1));
    oi.running.stop().await;
}

fn now(client: &ereprov_client::Client) -> i64 {
    client.clock().now_ms()
}

#[tokio::test]
async fn quota_and_warnings_are_the_service_s() {
    let oi = Oi::demo().await;
    let folder = tempdir().unwrap();
    let client = client(oi.endpoint("oc-quota"), folder.path());
    let mut reached = Vec::new();
    // Five calls a month; the contract is another operator's, which counts all the same.
    for _ in 0..5 {
        let error = client.structure(&contract(MUT)).await.unwrap_err();
        assert!(error.to_string().contains("20019"), "{error}");
        reached.push(client.usage().unwrap().mark());
    }
    assert_eq!(reached, [None, None, None, Some(Mark::Eighty), Some(Mark::All)]);
    let spent = client.structure(&contract(MUT)).await.unwrap_err();
    assert!(matches!(spent, Error::QuotaSpent(_)), "{spent:?}");
    assert_eq!(spent.retry(), Retry::NextMonth);

    // Who does not know that it is spent is told so.
    let other = tempdir().unwrap();
    let other = crate::harness::client(oi.endpoint("oc-quota"), other.path());
    let Error::Ko(ko) = other.structure(&contract(MUT)).await.unwrap_err() else { panic!() };
    assert_eq!(ko.code, CodeErreur::MaximumAtteint.into());
    oi.running.stop().await;
}

#[tokio::test]
async fn the_wsdl_tells_the_time_and_counts_for_nothing() {
    let oi = Oi::demo().await;
    let folder = tempdir().unwrap();
    let client = oi.client(folder.path());
    let wsdl = client.wsdl().await.unwrap();
    assert!(wsdl.is_ereprov);
    let skew = wsdl.date_ms.map(|date| (client.clock().now_ms() - date).abs());
    assert!(skew.is_none_or(|ms| ms < 5_000), "{skew:?}");
    assert_eq!(client.usage().unwrap().used, 0);
    oi.running.stop().await;
}

/// What waits for a service may do so on any thread.
#[test]
fn a_client_may_be_shared_and_its_futures_sent() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let folder = tempdir().unwrap();
    let client = client(ereprov_client::Endpoint::new("http://127.0.0.1:1"), folder.path());
    is_shared(&client);
    let (mut_, put) = (contract(MUT), put(MUT, "F"));
    is_send(&client.put(&put));
    is_send(&client.settle(&mut_, 1));
    is_send(&client.structure(&mut_));
    is_send(&client.follow(&mut_, &SCHEDULE, |_| ()));
    is_send(&client.wsdl());
}
