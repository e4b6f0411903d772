//! Connections that want too much: too many, or answers that nobody reads.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{Caller, MUT, Process, Setup, eventually, free_port, program, structure};

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let oi = Setup::config("[server]\nconnections_per_address_max = 4").start().await;
    let connect = async || TcpStream::connect(oi.address()).await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..4 {
        let mut stream = connect().await;
        // Until it is answered it may not have been counted yet.
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        idle.push(stream);
    }
    let mut one_more = connect().await;
    let ended = timeout(SOON, one_more.read(&mut [0; 1])).await.expect("it is closed at once");
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    idle.clear();
    let answered = eventually("a place is free again", async || {
        let mut stream = connect().await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer)
    });
    assert_eq!(&answered.await, b"HTTP/1.1 200");
}

#[tokio::test]
async fn over_all_addresses_one_more_waits_until_a_place_is_free() {
    let oi = Setup::config("[server]\nconnections_max = 3").start().await;
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        timeout(Duration::from_millis(500), stream.read_exact(&mut [0; 12])).await
    };
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(oi.address()).await.unwrap();
        ask(&mut stream).await.expect("there is room").unwrap();
        open.push(stream);
    }
    let mut one_more = TcpStream::connect(oi.address()).await.unwrap();
    assert!(ask(&mut one_more).await.is_err(), "it is served beside all the others");
    drop(open.pop());
    let answered = timeout(SOON, one_more.read_exact(&mut [0; 12])).await;
    answered.expect("it is served in its turn").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_no_answers_is_cut_off_and_others_are_served() {
    let oi = Setup::config("[server]\nwrite_stall_ms = 300").start().await;
    let mut deaf = TcpStream::connect(oi.address()).await.unwrap();
    let ask = b"GET /hermesDeploiement/eReprov/2.0?wsdl HTTP/1.1\r\nHost: x\r\n\r\n";
    // Far more answers than the buffers on the way take; the last questions may not be taken.
    let all = ask.repeat(4000);
    let _ = timeout(SOON, deaf.write_all(&all)).await;
    oi.ask(&structure(MUT)).await.assert("OK");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut left = Vec::new();
    let ended = timeout(SOON, deaf.read_to_end(&mut left)).await.expect("it was closed");
    let wsdl = oi.fetch(&format!("{}?wsdl", oi.url())).await.body.len();
    assert!(left.len() < 4000 * wsdl, "all of it was answered: {ended:?}");
}

#[tokio::test]
async fn half_a_head_is_waited_for_only_so_long() {
    let oi = Setup::config("[server]\nhead_read_ms = 300").start().await;
    for sent in ["", "POST /hermes", "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut slow = TcpStream::connect(oi.address()).await.unwrap();
        slow.write_all(sent.as_bytes()).await.unwrap();
        let ended = timeout(SOON, slow.read_to_end(&mut Vec::new())).await;
        assert!(ended.is_ok(), "{sent:?} is waited for for ever");
    }
    // A connection that has had its answer and asks for nothing more is no different.
    let mut idle = TcpStream::connect(oi.address()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let ended = timeout(SOON, idle.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "an idle connection is kept for ever");
}

#[tokio::test]
async fn the_limit_of_open_files_that_the_process_is_born_with_is_raised() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = folder.path().join("oi.toml");
    let text = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[telemetry]\nlisten = \"\"\n");
    std::fs::write(&config, text).unwrap();
    let serve = program(&["serve", "--config", config.to_str().unwrap()]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 64; exec \"$0\" \"$@\""]);
    command.arg(serve.get_program()).args(serve.get_args()).stderr(Stdio::null());
    let _process = Process::started(command, url.clone());
    Caller::new().until_ready(&url).await;
    let mut open = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let answered = timeout(SOON, stream.read_exact(&mut [0; 12])).await;
        assert!(answered.is_ok(), "connection {number} is not accepted");
        open.push(stream);
    }
}

/// A byte now and then is no progress: the deadlines are for the whole head, and for the whole body.
#[tokio::test]
async fn what_drips_is_waited_for_no_longer_than_what_stops() {
    let config = "[server]\nhead_read_ms = 400\nbody_read_ms = 400";
    let oi = Setup::config(config).start().await;
    let head = "POST /hermesDeploiement/eReprov/2.0 HTTP/1.1\r\nHost: x\r\n";
    let body = format!("{head}Content-Type: text/xml\r\nContent-Length: 60000\r\n\r\n");
    for (sent, said) in [(head.to_owned(), ""), (body, "20003")] {
        let mut stream = TcpStream::connect(oi.address()).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let mut answer = Vec::new();
        let dripping = async {
            while writer.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            std::future::pending::<()>().await;
        };
        let reading = timeout(SOON, reader.read_to_end(&mut answer));
        let ended = tokio::select! { ended = reading => ended, () = dripping => unreachable!() };
        assert!(ended.is_ok(), "it may drip for ever");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.contains(said), "{answer}");
    }
}
