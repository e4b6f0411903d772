//! Accounts: right and wrong passwords, changed ones, and people who are not let in any more.

use ereprov_client::Password;
use ereprov_portal::NoAccount;

use super::desk::{Desk, PASSWORD};

#[tokio::test]
async fn a_technician_signs_in_and_gets_where_he_wanted() {
    let desk = Desk::open().await;
    let mut visitor = desk.visitor();
    let page = visitor.get("/c/MUT1?zone=ZTD").await;
    assert_eq!((page.status, &*page.location), (303, "/connexion?vers=%2Fc%2FMUT1%3Fzone%3DZTD"));
    let page = visitor.sign_in_to(&page.location, " Jeanne ", PASSWORD).await;
    assert_eq!((page.status, &*page.location), (303, "/c/MUT1?zone=ZTD"), "{}", page.text);
    assert!(visitor.is_in().await);
    let page = visitor.get("/connexion?vers=/c/MUT1").await;
    assert_eq!((page.status, &*page.location), (303, "/c/MUT1"), "who is in is not asked again");
    let mut other = desk.visitor();
    let page = other.sign_in_to("/connexion?vers=//evil.example", "jeanne", PASSWORD).await;
    assert_eq!(page.location, "/");
}

#[tokio::test]
async fn whoever_is_not_let_in_sees_the_same() {
    let desk = Desk::open().await;
    desk.admin.set_disabled("paul", true).await.unwrap();
    let mut seen = Vec::new();
    let long = "x".repeat(5000);
    for (login, password) in [
        ("jeanne", "quatre mots pris au hazard"),
        ("nobody", PASSWORD),
        ("paul", PASSWORD),
        ("jeanne", &long),
    ] {
        let mut visitor = desk.visitor();
        let page = visitor.sign_in(login, password).await;
        assert!(page.text.contains("Il y a un problème"), "{}", page.text);
        assert!(page.text.contains("mot de passe n&#x27;est pas le bon"), "{}", page.text);
        assert!(!page.text.contains(&password[..20]), "a password is never shown again");
        let hidden = page.token();
        seen.push((page.status, page.text.replace(&hidden, "").replace(login, "")));
        assert!(!visitor.is_in().await);
    }
    assert_eq!(seen[0].0, 422);
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    let refused = |login: &str| (login.to_owned(), "connexion".to_owned(), "refusee".to_owned());
    // What nobody has as a login may be somebody's password.
    assert_eq!(
        desk.acts().await,
        [refused("jeanne"), refused(""), refused("paul"), refused("jeanne")]
    );
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let desk = Desk::open().await;
    let (mut here, mut there) = (desk.signed_in("jeanne").await, desk.signed_in("jeanne").await);
    let mut other = desk.signed_in("paul").await;
    let page = here.get("/mot-de-passe").await;
    let token = page.token();
    let wanted = "un autre mot de passe";
    for (current, new, said) in [
        ("not that", wanted, "actuel n&#x27;est pas le bon"),
        (PASSWORD, "court", "trop court"),
        (PASSWORD, &"x".repeat(257), "trop long"),
    ] {
        let fields = [("jeton", &*token), ("actuel", current), ("nouveau", new)];
        let page = here.post("/mot-de-passe", &fields).await;
        assert!(page.status == 422 && page.text.contains(said), "{}", page.text);
        assert!(here.is_in().await && there.is_in().await);
    }
    let before = here.cookies.clone();
    let fields = [("jeton", &*token), ("actuel", PASSWORD), ("nouveau", wanted)];
    let page = here.post("/mot-de-passe", &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_ne!(here.cookies["session"], before["session"], "a session of its own");
    assert!(here.is_in().await && other.is_in().await);
    assert!(!there.is_in().await);
    assert_eq!(desk.visitor().sign_in("jeanne", PASSWORD).await.status, 422);
    assert_eq!(desk.visitor().sign_in("jeanne", wanted).await.status, 303);
}

#[tokio::test]
async fn what_the_operator_decides_counts_at_once() {
    let desk = Desk::open().await;
    let mut jeanne = desk.signed_in("jeanne").await;
    desk.admin.set_disabled("jeanne", true).await.unwrap();
    assert!(!jeanne.is_in().await);
    desk.admin.set_disabled("jeanne", false).await.unwrap();
    assert!(!jeanne.is_in().await, "she signs in again");
    let mut jeanne = desk.signed_in("jeanne").await;
    desk.admin
        .set_password("jeanne", &Password::new("un autre mot de passe".into()))
        .await
        .unwrap();
    assert!(!jeanne.is_in().await);

    let add = async |login: &str, name: &str, password: &str| {
        desk.admin.add(login, name, &Password::new(password.to_owned())).await
    };
    assert!(matches!(add("jeanne", "J", PASSWORD).await, Err(NoAccount::Taken(_))));
    assert!(matches!(add("JEANNE ", "J", PASSWORD).await, Err(NoAccount::Taken(_))));
    assert!(matches!(add("openid:1", "J", PASSWORD).await, Err(NoAccount::BadLogin)));
    assert!(matches!(add("", "J", PASSWORD).await, Err(NoAccount::BadLogin)));
    assert!(matches!(add("ali", " ", PASSWORD).await, Err(NoAccount::BadName)));
    assert!(matches!(add("ali", "Ali", "short").await, Err(NoAccount::BadPassword(_))));
    assert!(matches!(desk.admin.set_disabled("ali", true).await, Err(NoAccount::Unknown(_))));
    assert_eq!(add(" Ali ", "Ali", PASSWORD).await.unwrap(), "ali", "as it is kept");
    let people = desk.admin.people().await.unwrap();
    let logins: Vec<_> = people.iter().map(|person| (&*person.login, person.disabled)).collect();
    assert_eq!(logins, [("ali", false), ("jeanne", false), ("paul", false)]);
}
