//! What processes share: two seats, one count. Each process is this test's own program, run again.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ereprov_client::{Client, Endpoint, Error, Mark};
use tempfile::tempdir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::harness::{MUT, Oi, basic, contract, put, url};

const CHILD: &str = "EREPROV_TEST_CHILD";
const FIBRE: &str = "CTP-1240357-1";

/// Questions in progress, the most there were, and all of them.
#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

/// A service that takes its time and says that there is nothing.
async fn slow(time: Duration) -> (u16, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counts = Arc::<Counts>::default();
    let counting = Arc::clone(&counts);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counts = Arc::clone(&counting);
            tokio::spawn(async move {
                let mut question = vec![0; 16 * 1024];
                if !matches!(stream.read(&mut question).await, Ok(1..)) {
                    return;
                }
                counts.all.fetch_add(1, Ordering::SeqCst);
                let now = counts.now.fetch_add(1, Ordering::SeqCst) + 1;
                counts.most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(time).await;
                // Before the client can know, for then another one may come.
                counts.now.fetch_sub(1, Ordering::SeqCst);
                let body = include_str!("../../../wire/tests/contract/3.2.5-ko.repaired.xml");
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + body).as_bytes()).await;
            });
        }
    });
    (port, counts)
}

fn client(port: u16, folder: &Path) -> Client {
    let endpoint = Endpoint::new(&url(port, "http")).login(basic("oc-demo")).quota_per_month(100);
    Client::new(endpoint, folder).unwrap()
}

/// A process that asks so often or, where that is never, asks for another fibre.
fn child(port: u16, folder: &Path, calls: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::one_of_several", "--nocapture"])
        .env(CHILD, format!("{port} {calls} {}", folder.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Does nothing, but as a process of its own that one of the tests below has started.
#[tokio::test]
async fn one_of_several() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let mut told = told.splitn(3, ' ');
    let port = told.next().unwrap().parse().unwrap();
    let calls: usize = told.next().unwrap().parse().unwrap();
    let client = client(port, Path::new(told.next().unwrap()));
    if calls == 0 {
        // Never comes to an end: its answer is swallowed, and the process killed.
        client.put(&put(MUT, FIBRE)).await.unwrap_err();
    }
    for _ in 0..calls {
        let outcome = client.structure(&contract("C")).await;
        assert!(matches!(outcome, Err(Error::Ko(_) | Error::QuotaSpent(_))), "{outcome:?}");
    }
}

async fn ended(children: Vec<Child>) {
    let wait = |mut child: Child| child.wait().unwrap().success();
    let all = tokio::task::spawn_blocking(move || children.into_iter().all(wait));
    assert!(all.await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_and_never_one_over_the_quota() {
    let (port, counts) = slow(Duration::from_millis(5)).await;
    let folder = tempdir().unwrap();
    ended((0..4).map(|_| child(port, folder.path(), 30)).collect()).await;
    assert_eq!(counts.most.load(Ordering::SeqCst), 2);
    assert_eq!(counts.all.load(Ordering::SeqCst), 100, "of 120 that were wanted");
    let usage = client(port, folder.path()).usage().unwrap();
    assert_eq!((usage.used, usage.mark()), (100, Some(Mark::All)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_killed_leaves_no_seat_taken() {
    let (port, counts) = slow(Duration::from_mins(1)).await;
    let folder = tempdir().unwrap();
    let mut children = vec![child(port, folder.path(), 1), child(port, folder.path(), 1)];
    while counts.now.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let other = Endpoint::new(&url(port, "http"))
        .login(basic("oc-demo"))
        .seat_timeout(Duration::from_millis(200))
        .timeouts(Duration::from_secs(1), Duration::from_millis(200));
    let other = Client::new(other, folder.path()).unwrap();
    let busy = other.structure(&contract("C")).await.unwrap_err();
    assert!(matches!(busy, Error::Busy(_)), "{busy:?}");
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let sent = other.structure(&contract("C")).await.unwrap_err();
    assert!(matches!(sent, Error::TimedOut), "{sent:?}");
}

/// Forwards to a port, but while it swallows, no answers.
async fn swallowing(target: u16) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let swallows = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&swallows);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let swallows = Arc::clone(&switch);
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
                if swallows.load(Ordering::SeqCst) {
                    let (mut from, _to) = client.split();
                    return tokio::io::copy(&mut from, &mut server).await.map(drop);
                }
                tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
            });
        }
    });
    (port, swallows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_outlives_the_process_that_sent_it_and_is_not_done_twice() {
    let oi = Oi::demo().await;
    let (port, swallows) = swallowing(oi.running.address.port()).await;
    let folder = tempdir().unwrap();
    let mut killed = child(port, folder.path(), 0);
    let table = || {
        let file = oi.folder.path().join("ereprov.db");
        let database = rusqlite::Connection::open(file).unwrap();
        let all = "SELECT count(*), max(discharge_code) FROM reprovisioning r \
            JOIN contract c ON c.id = r.contract_id WHERE c.ref = ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        database.query_row(all, [MUT], read).unwrap()
    };
    while table() == (0, None::<String>) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    swallows.store(false, Ordering::SeqCst);

    let client = client(port, folder.path());
    let unsettled = client.unsettled().unwrap();
    assert_eq!(unsettled[0].put, put(MUT, FIBRE));
    let other = client.put(&put(MUT, "CTP-1240446-1")).await.unwrap_err();
    assert!(matches!(other, Error::EarlierUnsettled(_)), "{other:?}");
    let accepted = client.settle(&contract(MUT), 3).await.unwrap().unwrap();
    assert_eq!((1, accepted.discharge_code), table());
    assert_eq!(client.unsettled().unwrap(), []);
    assert!(client.settle(&contract(MUT), 3).await.unwrap().is_none());
    oi.running.stop().await;
}
