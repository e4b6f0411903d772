//! Seen from outside: health, metrics, audit, headers.

use std::process::Stdio;

use tempfile::TempDir;

use crate::harness::{Caller, MUT, Oi, Process, Put, Role, fibre, free_port, get, structure};

async fn watch(oi: &Oi, page: &str) -> crate::harness::Reply {
    let address = oi.running.telemetry.unwrap();
    oi.fetch(&format!("http://{address}{page}")).await
}

#[tokio::test]
async fn health_on_both_addresses_and_metrics_on_one() {
    let oi = Oi::demo().await;
    for page in ["/healthz", "/readyz"] {
        assert_eq!(watch(&oi, page).await.status, 200);
        assert_eq!(oi.fetch(&format!("http://{}{page}", oi.address())).await.status, 200);
    }
    assert_eq!(watch(&oi, "/metrics").await.status, 200);
    assert_eq!(oi.fetch(&format!("http://{}/metrics", oi.address())).await.status, 404);
}

#[tokio::test]
async fn metrics_count_the_code_and_name_no_contract_fibre_or_login() {
    let oi = Oi::demo().await;
    oi.ask(&structure(MUT)).await.assert("OK");
    oi.ask(&structure("UNKNOWN")).await.assert("20019");
    oi.ask(&Put::new(MUT, "CTP-1240332-1").body()).await.assert("20015");
    oi.ask_as("nobody", &structure(MUT)).await.assert("10000");
    oi.post("no question", &[]).await;
    oi.ask(&Put::new("DEMO-ZMD", &fibre("DEMO-ZMD", Role::Free)).body()).await.assert("OK");
    oi.until("DEMO-ZMD", "Terminé").await;
    let page = oi.metrics().await;
    for line in [
        r#"ereprov_requests_total{operation="getSiteStructure",statut="OK",code="",oc="OC Démo"} 1"#,
        r#"ereprov_requests_total{operation="getSiteStructure",statut="KO",code="20019",oc="OC Démo"} 1"#,
        r#"ereprov_requests_total{operation="putReprovisionning",statut="KO",code="20015",oc="OC Démo"} 1"#,
        r#"ereprov_requests_total{operation="getSiteStructure",statut="KO",code="10000",oc=""} 1"#,
        r#"ereprov_faults_total{kind="client"} 1"#,
        r#"ereprov_sessions_limit{oc="OC Démo"} 2"#,
        r#"ereprov_quota_limit{oc="OC Quota"} 5"#,
        r#"ereprov_quota_used{oc="OC Quota"} 0"#,
        r#"ereprov_reprovisionnings{statut="Terminé"} 2"#,
        r#"ereprov_reprovisionning_duration_seconds_count{resultat="Terminé"} 1"#,
        "ereprov_ws_open 1",
        "ereprov_oldest_pending_seconds 0.0",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    for name in
        ["request_duration_seconds_bucket", "audit_last_write_timestamp_seconds", "build_info"]
    {
        assert!(page.contains(&format!("ereprov_{name}")), "{name}\n{page}");
    }
    for secret in [MUT, "CTP-", "oc-demo", "nobody"] {
        assert!(!page.contains(secret), "{secret} is in\n{page}");
    }
}

const USE_CASES: &str = "ereprov_writer_use_cases_total";
const RUNNING: &str = r#"ereprov_writer_seconds_total{part="use_cases"}"#;
const COMMITTING: &str = r#"ereprov_writer_seconds_total{part="commits"}"#;

#[tokio::test]
async fn metrics_tell_what_the_writer_of_the_file_spends_its_time_on() {
    let oi = Oi::demo().await;
    let seconds = async |part: &str| oi.metric::<f64>(part).await;
    let use_cases = async || oi.metric::<u64>(USE_CASES).await;
    let before = (use_cases().await, seconds(COMMITTING).await, seconds(RUNNING).await);
    for _ in 0..3 {
        oi.ask(&structure(MUT)).await.assert("OK");
    }
    assert!(use_cases().await >= before.0 + 3);
    assert!(seconds(COMMITTING).await > before.1 && seconds(RUNNING).await > before.2);
}

#[tokio::test]
async fn every_request_leaves_one_row_before_its_answer_leaves() {
    let oi = Oi::demo().await;
    let ok = oi.ask(&structure(MUT)).await;
    let ko = oi.ask(&structure("UNKNOWN")).await;
    let put = oi.ask(&Put::new(MUT, "CTP-1240357-1").body()).await;
    let wrong = oi.ask_as("somebody", &get(MUT)).await;
    let rows = oi.audited().await;
    assert_eq!(rows.len(), 4);
    for (reply, row) in [&ok, &ko, &put, &wrong].into_iter().zip(&rows) {
        assert_eq!(reply.header("x-request-id"), Some(row.request_id.as_str()));
        assert_eq!(row.address, "127.0.0.1");
        assert!(row.duration_us > 0 && row.duration_us < 10_000_000);
    }
    let codes: Vec<_> = rows.iter().map(|row| row.code).collect();
    assert_eq!(codes, [None, Some(20019), None, Some(10000)]);
    let methods: Vec<_> = rows.iter().map(|row| row.method.as_str()).collect();
    assert_eq!(
        methods,
        ["getSiteStructure", "getSiteStructure", "putReprovisionning", "getReprovisionning"]
    );
    assert_eq!(rows[1].contract_ref.as_deref(), Some("UNKNOWN"));
    assert!(rows[2].operator_id.is_some());
    assert_eq!(rows[3].operator_id, None, "who it claimed to be may be a password typed too early");
}

#[tokio::test]
async fn what_is_left_of_the_month_travels_in_headers() {
    let oi = Oi::demo().await;
    for left in [4, 3, 2, 1, 0] {
        let reply = oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await;
        reply.assert("OK");
        assert_eq!(reply.header("ratelimit-policy"), Some("\"month\";q=5"));
        let limit = reply.header("ratelimit").unwrap();
        assert!(limit.starts_with(&format!("\"month\";r={left};t=")), "{limit}");
        let seconds: i64 = limit.rsplit('=').next().unwrap().parse().unwrap();
        assert!(seconds > 0 && seconds <= 31 * 86_400 + 3600);
    }
    let over = oi.ask_as("oc-quota", &structure("DEMO-QUOTA")).await;
    over.assert_ko("20016", "5 requêtes par mois");
    assert!(over.header("ratelimit").unwrap().starts_with("\"month\";r=0;"));
}

#[tokio::test]
async fn a_log_that_nobody_reads_any_more_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let (port, url) = free_port();
    let config = folder.path().join("oi.toml");
    let text = format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[telemetry]\nlisten = \"\"\n");
    std::fs::write(&config, text).unwrap();
    let (process, log) = Process::serve_logging(&config, url.clone(), Stdio::piped());
    let caller = Caller::new();
    caller.until_ready(&url).await;
    // More lines than the pipe holds, then none that can be written at all.
    for _ in 0..600 {
        caller.post(&url, "no question", &[]).await;
    }
    drop(log);
    caller.ask(&url, &structure(MUT)).await.assert("10000");
    assert_eq!(process.terminate(), Some(0));
}
