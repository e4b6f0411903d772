//! Who guesses waits; who does not, does not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ereprov_door::{
    forwarded::{Header, Proxies},
    ip_list::IpList,
};

use super::desk::{Desk, PASSWORD, Visitor};

fn from(visitor: &Visitor, address: &str) -> Visitor {
    let mut other = visitor.clone();
    other.headers = vec![("x-forwarded-for", address.to_owned())];
    other
}

/// A portal behind a proxy on this machine, which says where visitors are.
async fn behind_a_proxy() -> Desk {
    Desk::with(|settings| {
        let trusted = IpList::parse("127.0.0.1").unwrap();
        settings.door.proxies = Proxies { trusted, header: Header::XForwardedFor };
    })
    .await
}

#[tokio::test]
async fn who_guesses_waits_and_the_technician_on_his_own_phone_does_not() {
    let desk = behind_a_proxy().await;
    let phone = from(&desk.visitor(), "198.51.100.7");
    let mut known = phone.clone();
    assert_eq!(known.sign_in("jeanne", PASSWORD).await.status, 303);
    known.cookies.remove("session");

    let mut guesser = from(&desk.visitor(), "198.51.100.7");
    for _ in 0..5 {
        assert_eq!(guesser.sign_in("jeanne", "wrong").await.status, 422);
    }
    for password in ["wrong", PASSWORD] {
        let page = guesser.sign_in("jeanne", password).await;
        assert_eq!(page.status, 429, "{}", page.text);
        assert!(page.text.contains("Trop d&#x27;essais"), "{}", page.text);
        assert_eq!(page.header("retry-after"), "61");
    }
    // The same address, a phone that she has signed in on.
    assert_eq!(known.sign_in("jeanne", PASSWORD).await.status, 303);
    // Another login, another address: nobody waits for somebody else's guesses.
    assert_eq!(guesser.sign_in("paul", PASSWORD).await.status, 303);
    let mut elsewhere = from(&desk.visitor(), "203.0.113.9");
    assert_eq!(elsewhere.sign_in("jeanne", PASSWORD).await.status, 303);

    let mut guesser = from(&desk.visitor(), "198.51.100.7");
    desk.pass(Duration::from_secs(61));
    assert_eq!(guesser.sign_in("jeanne", PASSWORD).await.status, 303, "nobody is locked out");
}

#[tokio::test]
async fn an_unknown_login_waits_like_a_known_one() {
    let desk = Desk::open().await;
    for login in ["jeanne", "nobody"] {
        let mut guesser = desk.visitor();
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push(guesser.sign_in(login, "wrong").await.status);
        }
        assert_eq!(seen, [422, 422, 422, 422, 422, 429, 429], "{login}");
    }
}

#[tokio::test]
async fn nobody_says_himself_where_he_is() {
    let desk = Desk::open().await;
    let mut guesser = desk.visitor();
    let mut seen = Vec::new();
    for n in 0..7 {
        guesser.headers = vec![("x-forwarded-for", format!("198.51.100.{n}"))];
        seen.push(guesser.sign_in("jeanne", "wrong").await.status);
    }
    assert_eq!(seen[5..], [429, 429]);
    let addresses = desk.journal().await.into_iter().filter(|entry| entry.act == "connexion");
    assert!(addresses.map(|entry| entry.address).all(|address| address == "127.0.0.1"));

    let desk = behind_a_proxy().await;
    let mut visitor = from(&desk.visitor(), "203.0.113.9");
    assert_eq!(visitor.sign_in("jeanne", PASSWORD).await.status, 303);
    assert_eq!(desk.journal().await.last().unwrap().address, "203.0.113.9");
    let mut unclear = from(&desk.visitor(), "nonsense");
    assert_eq!(unclear.get("/connexion").await.status, 400);
}

#[tokio::test]
async fn a_technician_does_so_much_at_once() {
    let desk = Desk::with(|settings| {
        settings.sign_in.acts_at_once = 3;
        settings.sign_in.act_every = Duration::from_secs(10);
    })
    .await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let mut paul = desk.signed_in("paul").await;
    let token = jeanne.get("/mot-de-passe").await.token();
    let mut post = async || {
        let fields = [("jeton", &*token), ("actuel", PASSWORD), ("nouveau", "court")];
        jeanne.post("/mot-de-passe", &fields).await
    };
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(post().await.status);
    }
    assert_eq!(seen, [422, 422, 422, 429]);
    let page = post().await;
    assert_eq!(page.header("retry-after"), "11");
    assert!(page.text.contains("Rien n'est parti"), "{}", page.text);
    let pauls = paul.get("/mot-de-passe").await.token();
    let fields = [("jeton", &*pauls), ("actuel", PASSWORD), ("nouveau", "court")];
    assert_eq!(paul.post("/mot-de-passe", &fields).await.status, 422, "he has his own");
    desk.pass(Duration::from_secs(10));
    assert_eq!(post().await.status, 422);
}

#[tokio::test]
async fn pages_that_call_the_service_are_so_many_at_once_and_nothing_of_them_is_lost() {
    let desk = Desk::with(|settings| {
        settings.sign_in.acts_at_once = 3;
        settings.sign_in.act_every = Duration::from_secs(10);
    })
    .await;
    let mut jeanne = desk.signed_in("jeanne").await;
    let path = |number| format!("/c/K{number}/fibres?motif=broken_fibre&garder=1");
    for number in 0..3 {
        // Whoever looks again at what is there asks nothing.
        for _ in 0..3 {
            assert_eq!(jeanne.get(&path(number)).await.status, 200);
        }
    }
    let page = jeanne.get(&path(3)).await;
    assert_eq!((page.status, page.header("retry-after")), (429, "11"), "{}", page.text);
    for said in ["Rien n'est parti.", "vient tout seul dans 11 s", "Votre choix est gardé."] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    // Without scripts, too, it comes by itself.
    assert!(page.text.contains("http-equiv=\"refresh\" content=\"11\""), "{}", page.text);
    assert_eq!(jeanne.get("/c/K3/lieux?motif=wrong_floor").await.status, 429);
    assert_eq!(jeanne.get(&path(0)).await.status, 200, "what was read is there");
    let mut paul = desk.signed_in("paul").await;
    assert_eq!(paul.get(&path(4)).await.status, 200, "he has his own");
    desk.pass(Duration::from_secs(11));
    let page = jeanne.get(&path(3)).await;
    assert!(page.status == 200 && page.text.contains("getRoSite"), "it has asked: {}", page.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_from_everywhere_keeps_no_new_phone_waiting() {
    let desk = behind_a_proxy().await;
    let stop = Arc::<AtomicBool>::default();
    let (turned_away, known) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    // More at once than may wait, each from a network of its own, and no login twice.
    let crowd: Vec<_> = (0..100_u8)
        .map(|network| {
            let mut guesser = from(&desk.visitor(), &format!("198.51.{network}.7"));
            let (stop, turned_away) = (Arc::clone(&stop), Arc::clone(&turned_away));
            let known = Arc::clone(&known);
            tokio::spawn(async move {
                let page = guesser.get("/connexion").await;
                let mut is_known = false;
                for guess in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let login = format!("nobody-{network}-{guess}");
                    let token = page.token();
                    let fields = [
                        ("jeton", &*token),
                        ("vers", "/"),
                        ("login", &login),
                        ("mot_de_passe", "wrong password"),
                    ];
                    match guesser.post("/connexion", &fields).await.status {
                        503 => _ = turned_away.fetch_add(1, Ordering::SeqCst),
                        422 if !is_known => {
                            is_known = true;
                            known.fetch_add(1, Ordering::SeqCst);
                        }
                        _ => {}
                    }
                }
            })
        })
        .collect();
    let many = async {
        while turned_away.load(Ordering::SeqCst) < 100 || known.load(Ordering::SeqCst) < 100 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), many).await.unwrap();
    // Each network has guessed wrong by now, and goes on.
    for (login, address) in [("jeanne", "203.0.113.9"), ("paul", "192.0.2.77")] {
        let mut phone = from(&desk.visitor(), address);
        let began = Instant::now();
        assert_eq!(phone.sign_in(login, PASSWORD).await.status, 303, "{login}");
        assert!(began.elapsed() < Duration::from_secs(15), "{login}: {:?}", began.elapsed());
    }
    stop.store(true, Ordering::SeqCst);
    for guesser in crowd {
        guesser.await.unwrap();
    }
}

#[tokio::test]
async fn who_guesses_at_one_login_from_everywhere_does_not_shut_it_elsewhere() {
    let desk = behind_a_proxy().await;
    let mut turned_away = 0;
    for address in 1..=30 {
        let mut guesser = from(&desk.visitor(), &format!("198.51.100.{address}"));
        for _ in 0..5 {
            turned_away += usize::from(guesser.sign_in("jeanne", "wrong").await.status == 429);
        }
    }
    assert_eq!(turned_away, 150 - 100 - 2, "a hundred wherever, and two of that network");
    let mut phone = from(&desk.visitor(), "203.0.113.9");
    assert_eq!(phone.sign_in("jeanne", PASSWORD).await.status, 303);
}
