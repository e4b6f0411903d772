//! What arrives, and what happens where it does not.

use std::time::Duration;

use crate::{
    harness::{
        MUT, Put, Role, Setup, eventually, failed, fibre, printed,
        receiver::{Behaviour, SECRET},
    },
    notify::rig::Rig,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_is_told_signed_to_its_operator_and_to_nobody_else() {
    let rig = Rig::start(Setup::default()).await;
    let demo = rig.receiver("oc-demo", &[]).await;
    let other = rig.receiver("oc-autre", &["--all-ends"]).await;
    let (folder, others) = (rig.folder("oc-demo"), rig.folder("oc-autre"));
    rig.moves(MUT, "CTP-1240357-1").await;
    let told = demo.until_taken(1).await.remove(0);
    assert!(told.is_signed_with(SECRET));
    assert!(!told.is_signed_with("whsec_YW5vdGhlciBzZWNyZXQgb2YgMjQgYnl0ZXM="));
    assert_eq!(told.path, "/notifs?key=in-the-url");
    assert_eq!(told.header("content-type"), "application/cloudevents+json; charset=utf-8");
    let event = told.json();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "ereprov.reprovisioning.completed");
    assert_eq!(event["subject"], MUT);
    assert_eq!(event["source"], rig.oi.running.service.public_url);
    assert_eq!(event["id"], told.header("webhook-id"));
    let data = &event["data"];
    assert_eq!(data["referencePrestationPrise"], MUT);
    assert_eq!((&data["statut"], &data["motif"]), (&"Terminé".into(), &"Absence de signal".into()));
    assert_eq!(data["route"]["referencePrise"], "CTP-1240357-1");
    assert_eq!(
        (&data["route"]["informationTube"], &data["route"]["referencePBO"]),
        (&"Noir".into(), &"BE-06".into())
    );
    assert_eq!(data["ancienneRoute"]["referencePrise"], "CTP-1240332-1");
    let job = rig.oi.jobs().await.into_iter().find(|job| job.contract_ref == MUT).unwrap();
    assert_eq!(data["numeroDecharge"], job.discharge_code);
    let file = eventually("the file", async || {
        folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|end| end == "csv"))
    })
    .await;
    assert!(file.to_str().unwrap().contains(&job.id));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(
        text.contains(&format!("{MUT};{};Terminé;Absence de signal;0;", job.discharge_code)),
        "{text}"
    );
    // Nothing else, nor to anybody else.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((demo.told().len(), other.told().len()), (1, 0));
    assert_eq!((folder.read_dir().unwrap().count(), others.read_dir().unwrap().count()), (1, 0));
    let kept = rig.oi.lines("SELECT secret FROM notify_target WHERE secret IS NOT NULL").await;
    assert!(kept.iter().all(|sealed| !sealed.contains("whsec") && !sealed.contains("c2VjcmV0")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_binary_mode_the_data_is_the_body() {
    let rig = Rig::with(Setup::default(), "webhook_mode = \"binary\"").await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    rig.moves(MUT, "CTP-1240357-1").await;
    let told = receiver.until_taken(1).await.remove(0);
    assert!(told.is_signed_with(SECRET));
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!((told.header("ce-specversion"), told.header("ce-subject")), ("1.0", MUT));
    assert_eq!(told.header("ce-type"), "ereprov.reprovisioning.completed");
    assert_eq!(told.header("ce-id"), told.header("webhook-id"));
    assert_eq!(told.json()["referencePrestationPrise"], MUT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_it_is_told_in_the_end_and_the_same() {
    let rig = Rig::start(Setup::default()).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    let bad = [
        Behaviour::Answers(500),
        Behaviour::Hangs,
        Behaviour::Redirects,
        Behaviour::Dies,
        Behaviour::Answers(400),
        Behaviour::Answers(429),
    ];
    receiver.next(&bad);
    rig.moves(MUT, "CTP-1240357-1").await;
    receiver.until_taken(1).await;
    let told = receiver.told();
    assert_eq!(told.iter().map(|told| told.then).collect::<Vec<_>>()[..6], bad);
    assert_eq!(told.len(), 7);
    for one in &told {
        assert_eq!(one.header("webhook-id"), told[0].header("webhook-id"));
        assert_eq!(one.body, told[0].body);
        assert!(one.is_signed_with(SECRET), "each time anew");
    }
    // An answer without end costs nothing but its connection.
    receiver.next(&[Behaviour::Babbles]);
    rig.moves(MUT, "CTP-1240341-1").await;
    receiver.until_taken(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_contract_in_order_and_none_waits_for_anothers() {
    let rig = Rig::start(Setup::default()).await;
    let mut receiver = rig.receiver("oc-demo", &[]).await;
    receiver.stop().await;
    rig.moves(MUT, "CTP-1240357-1").await;
    rig.moves(MUT, "CTP-1240341-1").await;
    rig.moves("DEMO-SIMPLE", &fibre("DEMO-SIMPLE", Role::Free)).await;
    // The first one is refused for a while, so that the second of its contract has to wait.
    receiver.next(&[Behaviour::Answers(422), Behaviour::Answers(204), Behaviour::Answers(422)]);
    receiver.again().await;
    let taken = receiver.until_taken(3).await;
    let order: Vec<_> = taken.iter().map(|told| told.json()["subject"].clone()).collect();
    assert_eq!(order, ["DEMO-SIMPLE", MUT, MUT]);
    let sequence: Vec<_> = taken.iter().map(|told| told.json()["sequence"].clone()).collect();
    assert_eq!(sequence[1..], ["0000000001", "0000000002"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_told_only_where_they_are_wanted() {
    let rig = Rig::start(Setup::default()).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    let put = Put::new("DEMO-ECHEC", &fibre("DEMO-ECHEC", Role::Free)).body();
    rig.oi.ask(&put).await.assert("OK");
    rig.oi.until("DEMO-ECHEC", "En échec").await;
    let url = receiver.url();
    let all = ["operator", "notify", "webhook", "oc-demo", &url, "--all-ends"];
    let said = printed(&rig.administer(&all, ""));
    assert!(!said.contains("whsec"), "the secret stays, and is not shown: {said}");
    rig.oi.ask(&put).await.assert("OK");
    let told = receiver.until_taken(1).await.remove(0);
    assert!(told.is_signed_with(SECRET));
    let event = told.json();
    assert_eq!(
        (&event["type"], &event["sequence"]),
        (&"ereprov.reprovisioning.failed".into(), &"0000000002".into())
    );
    assert_eq!(event["data"]["statut"], "En échec");
    assert_eq!(event["data"]["route"], serde_json::Value::Null);
    assert!(!told.body.contains("Networks"), "why is for the OI alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_delivered_is_given_up_and_can_be_tried_again() {
    let mut setup = Setup::noon();
    setup.config = "[networks]\nstart_ms = 1\nrepatch_ms = 1".into();
    let rig = Rig::start(setup).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    receiver.always(Some(Behaviour::Answers(503)));
    let notifier = &rig.oi.running.notifier;
    let ends = async |fibre: &str| {
        rig.oi.ask(&Put::new(MUT, fibre).motif("Fibre occupée").body()).await.assert("OK");
        rig.oi.advance(5000).await;
        rig.oi.advance(5000).await;
        assert_eq!(rig.oi.state(MUT).await, "Terminé");
    };
    ends("CTP-1240357-1").await;
    let states = "SELECT state FROM notification ORDER BY number";
    // For just under three days it is tried, ever more rarely; then no more.
    for _ in 0..30 {
        notifier.run_due().await.unwrap();
        rig.oi.clock.advance_ms(8_600_000);
    }
    assert_eq!(rig.oi.lines(states).await, ["waiting"]);
    rig.oi.clock.advance_ms(8_600_000);
    notifier.run_due().await.unwrap();
    assert_eq!(rig.oi.lines(states).await, ["dead"]);
    let tried = receiver.told().len();
    rig.oi.clock.advance_ms(8_600_000);
    assert_eq!(notifier.run_due().await.unwrap(), 0);
    assert_eq!((receiver.told().len(), tried), (31, 31));
    let listed = printed(&rig.administer(&["notification", "list", "--state", "dead"], ""));
    assert!(listed.contains(MUT) && listed.contains("the server answered 503"), "{listed}");
    let page = rig.oi.fetch(&format!("http://{}/metrics", rig.oi.running.telemetry.unwrap())).await;
    let line = "ereprov_notifications_left{channel=\"webhook\",state=\"dead\"} 1";
    assert!(page.body.contains(line), "{}", page.body);
    // Tried again by hand, it arrives.
    receiver.always(None);
    printed(&rig.administer(&["notification", "retry", MUT, "--reason", "réparé"], ""));
    notifier.run_due().await.unwrap();
    assert_eq!(rig.oi.lines(states).await, ["delivered"]);
    // Once a later one has arrived, an older one would tell an old route.
    ends("CTP-1240341-1").await;
    notifier.run_due().await.unwrap();
    let first = receiver.taken()[0].header("webhook-id").to_owned();
    let retry = rig.administer(&["notification", "retry", &first, "--reason", "encore"], "");
    assert!(failed(&retry, 4).contains("a later one of this contract has been delivered"));
    assert_eq!(receiver.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_to_be_left_alone_is() {
    let rig = Rig::patient().await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    // The second one asks for longer than any repetition waits.
    receiver.next(&[Behaviour::Later(503, 40), Behaviour::Later(429, 86_400)]);
    let began_ms = rig.oi.clock.now_ms();
    rig.moves(MUT, "CTP-1240357-1").await;
    for (asked, [least_s, most_s]) in [(1, [40, 50]), (2, [60, 70])] {
        let due = eventually("a failure", async || {
            let failed = format!("SELECT due_ms FROM notify_target WHERE failures = {asked}");
            let there = format!("SELECT COUNT(*) FROM ({failed}) AS f");
            if rig.oi.number(&there).await == 0 {
                return None;
            }
            Some(rig.oi.number(&failed).await)
        })
        .await;
        let waits_s = (due - began_ms) / 1000;
        assert!((least_s..most_s).contains(&waits_s), "{waits_s} s");
        assert_eq!(receiver.told().len(), asked);
        // Whoever knows better does not wait.
        rig.oi.beside().await.run("UPDATE notify_target SET due_ms = 0").await;
        rig.oi.beside().await.run("UPDATE notification SET due_ms = 0").await;
    }
    receiver.until_taken(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_go_out_through_the_proxy_that_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("proxy_url = \"http://{}\"\n", listener.local_addr().unwrap());
    let (to, mut asked) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connect(stream, to.clone()));
        }
    });
    let rig = Rig::with(Setup::default(), &proxy).await;
    let receiver = rig.receiver("oc-demo", &[]).await;
    rig.moves(MUT, "CTP-1240357-1").await;
    receiver.until_taken(1).await;
    let expected = format!("CONNECT 127.0.0.1:{} HTTP/1.1", receiver.port);
    assert_eq!(asked.recv().await, Some(expected));
}

/// A proxy's part: it connects to where it is asked to, and says where that was.
async fn connect(stream: tokio::net::TcpStream, told: tokio::sync::mpsc::UnboundedSender<String>) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await.unwrap();
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap() > 2 {
        line.clear();
    }
    let to = first.split(' ').nth(1).unwrap().to_owned();
    told.send(first.trim().to_owned()).unwrap();
    let mut onward = tokio::net::TcpStream::connect(to).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
}
