//! What verifying a login costs, and whom it lets in.

use super::*;
use crate::store::operators::OldPassword;

const MINUTE: Duration = Duration::from_mins(1);

/// A verifier that has one place for hashes and holds nobody back, and an operator.
struct Scene {
    credentials: Arc<Credentials>,
    operator: Operator,
    entropy: Entropy,
}

impl Scene {
    fn new(cache_for: Duration, failures_max: u32) -> Self {
        let entropy = Entropy::system();
        let backoff =
            BackoffSettings { failures_max, first: MINUTE, longest: MINUTE, counts_max: 100 };
        let settings = VerifySettings { cache_for, runs_max: 1, backoff };
        let credentials = Credentials::new(&entropy, settings, Counter::default());
        let operator = operator("the right one", &entropy);
        Self { credentials: Arc::new(credentials), operator, entropy }
    }

    fn easy() -> Self {
        Self::new(MINUTE, u32::MAX)
    }

    /// What comes of a password, and how many hashes it took.
    async fn costs(
        &self,
        password: &str,
        operator: Option<&Operator>,
        asking: Asking,
    ) -> (Result<(), Unverified>, u64) {
        let before = self.credentials.hashed.get();
        let verified = self.credentials.verify(&claim(password), operator, asking).await;
        (verified.map(drop), self.credentials.hashed.get() - before)
    }
}

fn operator(password: &str, entropy: &Entropy) -> Operator {
    Operator {
        id: 1,
        login: "oc".into(),
        name: "OC".into(),
        password_hash: password::hash(password, entropy).unwrap(),
        old_password: None,
        addresses: None,
        profile: None,
        quota: None,
        sessions: None,
        disabled: false,
        created_ms: 0,
        digest_secret: None,
        certificates: None,
    }
}

fn claim(password: &str) -> Claim {
    Claim { login: "oc".into(), password: Password::new(password.to_owned()) }
}

fn from(address: &str) -> Asking {
    Asking { address: address.parse().unwrap(), at_ms: 1000, certificate: None }
}

fn wrong(known: Option<&str>) -> Result<(), Unverified> {
    let known = known.map(str::to_owned);
    Err(Unverified::Login(LoginProblem::Wrong { known }))
}

#[tokio::test]
async fn a_refusal_costs_the_same_whatever_the_login_is() {
    let scene = Scene::easy();
    let known = &scene.operator;
    let here = from("192.0.2.1");
    let hash = password::hash("the old one", &scene.entropy).unwrap();
    let old = |until_ms| Some(OldPassword { hash: hash.clone(), until_ms });
    let rotated = Operator { old_password: old(1001), ..known.clone() };
    let ended = Operator { old_password: old(1000), ..known.clone() };
    let disabled = Operator { disabled: true, ..known.clone() };
    let listed = crate::ip_list::IpList::parse("198.51.100.0/24").unwrap();
    let elsewhere = Operator { addresses: Some(listed), ..known.clone() };
    assert_eq!(scene.costs("wrong", None, here).await, (wrong(None), 2));
    assert_eq!(scene.costs("the right one", None, here).await, (wrong(None), 2));
    for operator in [known, &rotated, &ended] {
        let cost = scene.costs("wrong", Some(operator), here).await;
        assert_eq!(cost, (wrong(Some("oc")), 2));
    }
    assert_eq!(scene.costs("the old one", Some(&ended), here).await, (wrong(Some("oc")), 2));
    let barred = |why, right| {
        let login = "oc".to_owned();
        Err(Unverified::Login(LoginProblem::Barred { login, why, right }))
    };
    // Even a password that was believed a moment ago.
    assert_eq!(scene.costs("the right one", Some(known), here).await, (Ok(()), 1));
    let believes =
        |password, operator| scene.credentials.believes(&claim(password), operator, here);
    assert!(believes("the right one", Some(known)) && !believes("wrong", Some(known)));
    for barred in [Some(&disabled), Some(&elsewhere), None] {
        assert!(!believes("the right one", barred));
    }
    for (password, right) in [("the right one", true), ("wrong", false)] {
        let cost = scene.costs(password, Some(&disabled), here).await;
        assert_eq!(cost, (barred(Barred::Disabled, right), 2));
        let cost = scene.costs(password, Some(&elsewhere), here).await;
        assert_eq!(cost, (barred(Barred::Address(here.address), right), 2));
    }
    let listed = from("198.51.100.9");
    assert_eq!(scene.costs("the right one", Some(&elsewhere), listed).await, (Ok(()), 0));
}

#[tokio::test]
async fn a_verified_login_costs_no_hash_and_both_passwords_are_remembered() {
    let scene = Scene::easy();
    let here = from("192.0.2.1");
    let hash = scene.operator.password_hash.clone();
    let old_password = Some(OldPassword { hash, until_ms: 2000 });
    let rotated = Operator { old_password, ..operator("the new one", &scene.entropy) };
    let costs = async |password| scene.costs(password, Some(&rotated), here).await;
    assert_eq!(costs("the new one").await, (Ok(()), 1));
    assert_eq!(costs("the right one").await, (Ok(()), 2));
    for password in ["the new one", "the right one", "the new one"] {
        assert_eq!(costs(password).await, (Ok(()), 0));
    }
    let late = Asking { at_ms: 2000, ..here };
    let (refused, hashes) = scene.costs("the right one", Some(&rotated), late).await;
    assert_eq!((refused, hashes), (wrong(Some("oc")), 2), "its time is over");
    let changed = operator("a changed one", &scene.entropy);
    let (refused, _) = scene.costs("the new one", Some(&changed), here).await;
    assert_eq!(refused, wrong(Some("oc")), "a new password, at once");
}

#[tokio::test]
async fn a_verified_login_is_forgotten_after_its_time() {
    let scene = Scene::new(Duration::ZERO, u32::MAX);
    let operator = Some(&scene.operator);
    for _ in 0..2 {
        let cost = scene.costs("the right one", operator, from("192.0.2.1")).await;
        assert_eq!(cost, (Ok(()), 1));
    }
}

#[tokio::test]
async fn wrong_passwords_hold_back_their_address_but_for_who_was_let_in_from_there() {
    // Nothing is believed without a hash.
    let scene = Scene::new(Duration::ZERO, 3);
    let (known, here) = (Some(&scene.operator), from("192.0.2.1"));
    let elsewhere = from("192.0.2.2");
    let held = |login: Option<&str>, (cost, hashes): (Result<(), Unverified>, u64)| {
        let Err(Unverified::Login(LoginProblem::HeldBack { known, wait })) = cost else {
            panic!("{cost:?}")
        };
        assert_eq!((known.as_deref(), hashes), (login, 0));
        assert!(wait <= MINUTE && wait > MINUTE / 2, "{wait:?}");
    };
    assert_eq!(scene.costs("the right one", known, elsewhere).await, (Ok(()), 1));
    for n in 0..3 {
        let cost = scene.costs(&format!("wrong {n}"), known, here).await;
        assert_eq!(cost, (wrong(Some("oc")), 2));
    }
    held(Some("oc"), scene.costs("wrong", known, here).await);
    // Who has guessed it is not told so.
    held(Some("oc"), scene.costs("the right one", known, here).await);
    for n in 0..3 {
        let cost = scene.costs(&format!("wrong {n}"), known, elsewhere).await;
        assert_eq!(cost, (wrong(Some("oc")), 2));
    }
    held(Some("oc"), scene.costs("wrong", known, elsewhere).await);
    // It was right from there before.
    assert_eq!(scene.costs("the right one", known, elsewhere).await, (Ok(()), 1));
    held(Some("oc"), scene.costs("wrong", known, elsewhere).await);
    // One that nobody has used yet waits, and so does an unknown login.
    let changed = operator("a changed one", &scene.entropy);
    held(Some("oc"), scene.costs("a changed one", Some(&changed), elsewhere).await);
    let quiet = from("192.0.2.3");
    assert_eq!(scene.costs("a changed one", Some(&changed), quiet).await, (Ok(()), 1));
    let scene = Scene::new(MINUTE, 3);
    for _ in 0..3 {
        assert_eq!(scene.costs("wrong", None, here).await, (wrong(None), 2));
    }
    held(None, scene.costs("wrong", None, here).await);
}

#[tokio::test]
async fn a_flood_of_logins_is_turned_away_and_verified_ones_are_not() {
    let scene = Scene::easy();
    let (known, here) = (Some(&scene.operator), from("192.0.2.1"));
    assert_eq!(scene.costs("the right one", known, here).await, (Ok(()), 1));
    let _place = scene.credentials.argon2_runs.acquire().await.unwrap();
    let waiting: Vec<_> = (0..=QUEUE_MAX)
        .map(|n| {
            let credentials = Arc::clone(&scene.credentials);
            let wrong = claim(&format!("wrong {n}"));
            tokio::spawn(async move { credentials.verify(&wrong, None, here).await.is_ok() })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(scene.costs("wrong", known, here).await, (Err(Unverified::Busy), 0));
    assert_eq!(scene.costs("the right one", known, here).await, (Ok(()), 0));
    for task in waiting {
        task.abort();
    }
}

#[tokio::test]
async fn the_same_login_many_times_at_once_is_hashed_once() {
    let scene = Scene::new(MINUTE, 3);
    let many = (0..4 * QUEUE_MAX).map(|_| {
        let (credentials, known) = (Arc::clone(&scene.credentials), scene.operator.clone());
        tokio::spawn(async move {
            let claim = claim("the right one");
            credentials.verify(&claim, Some(&known), from("192.0.2.1")).await.is_ok()
        })
    });
    for task in many.collect::<Vec<_>>() {
        assert!(task.await.unwrap());
    }
    assert_eq!(scene.credentials.hashed.get(), 1);
}

/// What is believed is believed where it was right; elsewhere, it is a try like any other.
#[tokio::test]
async fn a_believed_password_is_held_back_where_others_have_guessed() {
    let scene = Scene::new(MINUTE, 3);
    let (known, theirs, home) = (Some(&scene.operator), from("192.0.2.1"), from("192.0.2.2"));
    let believes = |asking| scene.credentials.believes(&claim("the right one"), known, asking);
    assert_eq!(scene.costs("the right one", known, home).await, (Ok(()), 1));
    for n in 0..3 {
        let cost = scene.costs(&format!("wrong {n}"), known, theirs).await;
        assert_eq!(cost, (wrong(Some("oc")), 2));
    }
    assert!(believes(home) && !believes(theirs));
    let (guessed, hashes) = scene.costs("the right one", known, theirs).await;
    assert!(matches!(guessed, Err(Unverified::Login(LoginProblem::HeldBack { .. }))));
    assert_eq!(hashes, 0);
    // From a place where nobody guesses it costs nothing, and is believed from then on.
    let branch = from("192.0.2.3");
    assert!(!believes(branch));
    assert_eq!(scene.costs("the right one", known, branch).await, (Ok(()), 0));
    assert!(believes(branch));
}

/// Who guesses from the operator's own address is told of few guesses a second.
#[tokio::test]
async fn guesses_beside_the_operator_are_looked_at_slowly() {
    let scene = Scene::new(MINUTE, 3);
    let (known, shared, home) = (Some(&scene.operator), from("192.0.2.1"), from("192.0.2.2"));
    for asking in [shared, home] {
        scene.costs("the right one", known, asking).await.0.unwrap();
    }
    let guess = async |n: u32| scene.costs(&format!("wrong {n}"), known, shared).await.0;
    for n in 0..3 {
        assert_eq!(guess(n).await, wrong(Some("oc")));
    }
    assert_eq!(scene.costs("the right one", known, shared).await, (Ok(()), 0));
    let held = async || scene.costs("the right one", known, shared).await.0.is_err();
    // A machine that is slow enough may need more than one second for so many.
    let mut held_once = false;
    for n in 3..1000 {
        assert!(guess(n).await.is_err());
        held_once |= held().await;
    }
    assert!(held_once, "a thousand guesses were looked at");
    assert_eq!(scene.costs("the right one", known, home).await, (Ok(()), 0), "elsewhere");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!held().await, "it is over by itself");
}
