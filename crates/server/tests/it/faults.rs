//! What becomes of a request when PostgreSQL refuses, hangs, is slow, or is lost in the middle of a
//! COMMIT: a code within the deadline, never an OK without a commit, and never a hang.

use std::time::{Duration, Instant};

use crate::harness::{
    MUT, Oi, Put, Role, Setup, eventually, fibre, get,
    postgres::{self, connect},
    proxy::{Mode, Proxy},
    structure,
};

/// A service that reaches its database through a proxy, and the database's own URL.
async fn behind_a_proxy(config: &str) -> (Oi, Proxy, String) {
    let url = postgres::fresh().await;
    let (base, name) = url.rsplit_once('/').unwrap();
    let (user, port) = base.rsplit_once(':').unwrap();
    let proxy = Proxy::start(port.parse().unwrap()).await.unwrap();
    let through = format!("{user}:{}/{name}", proxy.port());
    let config = format!("[database]\ndeadline_ms = 700\n{config}");
    let setup = Setup { postgres: Some(through), ..Setup::config(&config) };
    (setup.start().await, proxy, url)
}

/// The codes of the audit, in the order of the requests; none: OK.
async fn audited(url: &str) -> Vec<Option<i64>> {
    let rows = connect(url).await;
    let rows = rows.query("SELECT code FROM audit ORDER BY at_ms, request_id", &[]).await;
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_are_cut_are_made_again() {
    let (oi, proxy, url) = behind_a_proxy("").await;
    for _ in 0..5 {
        oi.ask(&structure(MUT)).await.assert("OK");
        assert!(proxy.cut_all() > 0);
        // Those of the pool that nobody uses are found dead before they are used.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    assert_eq!(audited(&url).await, [None; 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_hangs_is_told_within_the_deadline_and_comes_back() {
    let (oi, proxy, url) = behind_a_proxy("").await;
    oi.ask(&structure(MUT)).await.assert("OK");
    proxy.set(Mode::Hang);
    for question in [structure(MUT), get(MUT), Put::new(MUT, "CTP-1240357-1").body()] {
        let began = Instant::now();
        oi.ask(&question).await.assert_ko("10101", "lisez d'abord getReprovisionning");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    let wsdl = oi.fetch(&format!("{}?wsdl", oi.url())).await;
    assert_eq!(wsdl.status, 200);
    let ready = oi.fetch(&format!("http://{}/readyz", oi.address())).await;
    assert_eq!(ready.status, 503);
    proxy.set(Mode::Forward);
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    oi.until(MUT, "Terminé").await;
    assert!(!audited(&url).await.contains(&Some(10101)), "no row could be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_cannot_be_reached_is_10101() {
    let (oi, proxy, _url) = behind_a_proxy("").await;
    oi.ask(&structure(MUT)).await.assert("OK");
    // Nobody listens where it was.
    drop(proxy);
    for question in [structure(MUT), Put::new(MUT, "CTP-1240357-1").body()] {
        oi.ask(&question).await.assert("10101");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_database_is_waited_for_as_long_as_the_deadline_says() {
    let (oi, proxy, url) = behind_a_proxy("").await;
    oi.ask(&structure(MUT)).await.assert("OK");
    proxy.set(Mode::Delay(Duration::from_millis(15)));
    oi.ask(&structure(MUT)).await.assert("OK");
    proxy.set(Mode::Delay(Duration::from_millis(300)));
    let slow = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    assert!(["10101", "10200"].contains(&slow.outcome().as_str()), "{}", slow.body);
    proxy.set(Mode::Forward);
    oi.ask(&get(MUT)).await.assert("20014");
    assert!(audited(&url).await.len() >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_is_lost_is_looked_up_before_the_answer_is_chosen() {
    // The driver's commits are not to be the ones that are cut.
    let (oi, proxy, url) = behind_a_proxy("[workflow]\npoll_ms = 60000").await;
    oi.ask(&structure(MUT)).await.assert("OK");
    eventually("the driver sleeps", async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Some(())
    })
    .await;
    // It reached the server: it was kept, and the caller is told so.
    proxy.cut_next_commit();
    let reply = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    assert_eq!(proxy.commits_cut(), 1);
    let code = reply.assert("OK").text("codeDecharge").unwrap();
    let rows = connect(&url).await;
    let kept = "SELECT discharge_code FROM reprovisioning WHERE state <> 'completed'";
    let kept: Vec<String> =
        rows.query(kept, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(kept, [code]);
    // A read's audit row, likewise.
    proxy.cut_next_commit();
    oi.ask(&structure(MUT)).await.assert("OK");
    assert_eq!(proxy.commits_cut(), 2);
    assert_eq!(audited(&url).await, [None; 3]);
    let used = rows.query_one("SELECT used FROM monthly_usage", &[]).await.unwrap();
    assert_eq!(used.get::<_, i64>(0), 3, "each is counted once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_lost_its_session_while_it_waits_for_networks_ends() {
    let (oi, proxy, _url) = behind_a_proxy("[networks]\nask_deadline_ms = 8000").await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let began = Instant::now();
    let (reply, ()) = tokio::join!(oi.ask(&put), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.cut_all();
    });
    reply.assert("10101");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_lost_its_session_is_told_so_even_where_the_last_call_is_used_up() {
    let (oi, proxy, url) = behind_a_proxy("[networks]\nask_deadline_ms = 8000").await;
    oi.limit("oc-demo", Some(1), None).await;
    let put = Put::new("DEMO-20010", &fibre("DEMO-20010", Role::Free)).body();
    let (reply, ()) = tokio::join!(oi.ask(&put), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        oi.ask(&structure(MUT)).await.assert("OK");
        proxy.cut_all();
    });
    reply.assert("10101");
    assert_eq!(audited(&url).await, [Some(10101), None]);
    let rows = connect(&url).await;
    let cause = "SELECT detail FROM audit WHERE code = 10101";
    let cause: String = rows.query_one(cause, &[]).await.unwrap().get(0);
    assert!(cause.contains("connection was lost"), "{cause}");
    let used = rows.query_one("SELECT used FROM monthly_usage", &[]).await.unwrap();
    assert_eq!(used.get::<_, i64>(0), 1, "it was one too many");
    oi.ask(&structure(MUT)).await.assert("20016");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_was_not_kept_is_told_as_failed_and_never_comes_later() {
    let (oi, proxy, url) = behind_a_proxy("[workflow]\npoll_ms = 60000").await;
    oi.ask(&structure(MUT)).await.assert("OK");
    // The server ends the connection before the commit can reach it.
    let rows = connect(&url).await;
    let trap = "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON reprovisioning DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION trap()";
    rows.batch_execute(trap).await.unwrap();
    let reply = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    reply.assert_ko("10101", "lisez d'abord getReprovisionning");
    assert_eq!(audited(&url).await, [None, Some(10101)], "one row, which says what was answered");
    oi.ask(&get(MUT)).await.assert("20014");
    rows.batch_execute("DROP TRIGGER trap ON reprovisioning").await.unwrap();
    oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await.assert("OK");
    drop(proxy);
}
