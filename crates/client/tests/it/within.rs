//! How many calls finding out about a put may make: never one more than it was told, whatever is lost.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use ereprov_client::{Client, Endpoint, Error};
use tempfile::tempdir;
use tokio::{io::AsyncReadExt, net::TcpListener};

use crate::{
    harness::{MUT, Oi, basic, client, contract, put, url},
    losing::Losing,
};

const FIBRE: &str = "CTP-1240357-1";

/// A service that takes every question and answers none, and counts them.
async fn deaf() -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counted = Arc::<AtomicU32>::default();
    let counting = Arc::clone(&counted);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counting.fetch_add(1, Ordering::SeqCst);
            let mut question = vec![0; 16 * 1024];
            let _ = stream.read(&mut question).await;
        }
    });
    (port, counted)
}

fn spent(error: &Error) -> bool {
    match error {
        Error::OutcomeUnknown(unknown) => matches!(unknown.reading, Some(Error::CallsSpent)),
        _ => false,
    }
}

#[tokio::test]
async fn where_every_answer_is_lost_no_call_is_made_over_those_allowed() {
    let (port, counted) = deaf().await;
    // The put and three readings; what is allowed beyond them is not used.
    for allowed in 0..6 {
        let folder = tempdir().unwrap();
        let endpoint = Endpoint::new(&url(port, "http")).login(basic("oc-demo"));
        let client = client(endpoint, folder.path());
        let calls = || counted.swap(0, Ordering::SeqCst);
        calls();
        let error = client.put_within(&put(MUT, FIBRE), allowed).await.unwrap_err();
        assert_eq!(calls(), allowed.min(4));
        if allowed == 0 {
            assert!(matches!(error, Error::CallsSpent), "{error:?}");
            assert_eq!(client.unsettled().unwrap(), [], "nothing was sent");
            continue;
        }
        // Where something was read, why that came to nothing is worth more.
        assert_eq!(spent(&error), allowed == 1, "{error:?}");
        for allowed in 0..5 {
            let error = client.settle(&contract(MUT), allowed).await.unwrap_err();
            assert_eq!(calls(), allowed.min(3));
            assert_eq!(spent(&error), allowed == 0, "{error:?}");
        }
        assert_eq!(client.unsettled().unwrap().len(), 1, "it is still to be settled");
    }
}

#[tokio::test]
async fn one_call_tells_that_it_was_accepted_and_another_one_brings_the_code() {
    let oi = Oi::demo().await;
    let losing = Losing::start(oi.running.address.port(), true).await;
    let folder = tempdir().unwrap();
    let endpoint = Endpoint::new(&url(losing.port, "http")).login(basic("oc-demo"));
    let client: Client = client(endpoint, folder.path());
    let error = client.put_within(&put(MUT, FIBRE), 1).await.unwrap_err();
    assert!(losing.has_lost() && spent(&error), "{error:?}");
    let found = client.settle(&contract(MUT), 1).await.unwrap().unwrap();
    assert_eq!((found.discharge_code, found.code_to_come), (None, true));
    assert!(found.found_out.is_some());
    let told = client.settle(&contract(MUT), 2).await.unwrap().unwrap();
    assert!(told.discharge_code.is_some() && !told.code_to_come, "{told:?}");
    assert!(client.settle(&contract(MUT), 0).await.unwrap().is_none(), "nothing is left to settle");
    oi.running.stop().await;
}
