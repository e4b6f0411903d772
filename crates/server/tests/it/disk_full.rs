//! The disk is full: 10100 and nothing half done, what needs no disk goes on, and all of it heals by
//! itself once there is room again.

mod room;

use std::{collections::BTreeSet, path::Path};

use hyper::Method;
use room::{Room, can_mount};
use tempfile::TempDir;

use crate::harness::{
    Caller, MUT, Process, Put, Reply, Role, eventually, fibre, free_port, get, import_demo,
    postgres, routes, structure,
};

/// Questions after which a full disk must have been noticed: what has room already is used up first.
const NOTICED_MAX: usize = 5_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_on_a_file_system_that_is_full() {
    if !can_mount() {
        return not_tried(
            "no file system can be mounted here; the file size limit is tried instead",
        );
    }
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("small");
    std::fs::create_dir(&database).unwrap();
    let house = House::configure(&folder, &format!("sqlite:{}", database.display()));
    let (process, room) = Room::on_a_mount(&house.config, &database, house.url.clone());
    house.goes_on(process, room).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_whose_files_may_not_grow() {
    let folder = TempDir::new().unwrap();
    let house = House::configure(&folder, &format!("sqlite:{}", folder.path().display()));
    import_demo(&house.config);
    let (process, room) = Room::under_a_limit(&house.config, folder.path(), house.url.clone());
    house.goes_on(process, room).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_whose_tablespace_is_full() {
    if !can_mount() {
        return not_tried("no file system can be mounted here");
    }
    let folder = TempDir::new().unwrap();
    let url = postgres::fresh().await;
    let room = Room::of_a_tablespace(folder.path(), &url).await;
    let house = House::configure(&folder, &url);
    import_demo(&house.config);
    let log = room::log(&house.config).into();
    let (process, _) = Process::serve_logging(&house.config, house.url.clone(), log);
    house.goes_on(process, room).await;
}

#[expect(clippy::print_stderr, reason = "what was not tried must not pass for tried")]
fn not_tried(why: &str) {
    eprintln!("NOT TRIED: {why}");
}

/// A service with a configuration, and a caller that remembers what it was told.
struct House {
    config: std::path::PathBuf,
    url: String,
    telemetry: String,
    caller: Caller,
}

impl House {
    /// The demo, whose re-provisionings take two seconds, with its database where a test wants it.
    fn configure(folder: &TempDir, database: &str) -> Self {
        let ((port, url), (telemetry, _)) = (free_port(), free_port());
        let database = match database.strip_prefix("sqlite:") {
            Some(folder) => format!("sqlite:{}", Path::new(folder).join("ereprov.db").display()),
            None => database.to_owned(),
        };
        let mut text: toml::Table = include_str!("../../demo/demo.toml").parse().unwrap();
        let over = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n[database]\nurl = \"{database}\"\n
             [telemetry]\nlisten = \"127.0.0.1:{telemetry}\"\n
             [networks]\nstart_ms = 1000\nrepatch_ms = 1000\n[workflow]\npoll_ms = 100\n"
        );
        for (section, settings) in over.parse::<toml::Table>().unwrap() {
            let section = text.entry(section).or_insert_with(|| toml::Table::new().into());
            section.as_table_mut().unwrap().extend(settings.as_table().unwrap().clone());
        }
        let config = folder.path().join("oi.toml");
        std::fs::write(&config, toml::to_string(&text).unwrap()).unwrap();
        let telemetry = format!("http://127.0.0.1:{telemetry}");
        Self { config, url, telemetry, caller: Caller::new() }
    }

    async fn fetch(&self, url: &str) -> Reply {
        self.caller.send(Method::GET, url, Vec::new(), &[]).await.unwrap()
    }

    /// The whole story: works, full, room again.
    async fn goes_on(&self, process: Process, room: Room) {
        self.caller.until_ready(&self.url).await;
        let mut told = Told::default();
        let put = |contract: &str| Put::new(contract, &fibre(contract, Role::Free)).body();
        let questions = [structure(MUT), routes(MUT), get("DEMO-ZMD"), put("DEMO-SIMPLE")];
        // Accepted in time, it has its steps to take while the disk is full.
        told.of(&self.ask(&put("DEMO-ZMD")).await).assert("OK");
        for question in &questions[..3] {
            told.of(&self.ask(question).await).assert("OK");
        }
        room.fill();
        for question in &questions {
            self.until_refused(question, &mut told).await;
        }
        let (one, other) = tokio::join!(self.ask(&questions[0]), self.ask(&questions[2]));
        told.of(&one);
        told.of(&other);
        for page in ["?wsdl", "?xsd=1"] {
            assert_eq!(self.fetch(&format!("{}{page}", self.url)).await.status, 200, "{page}");
        }
        let base = self.url.split("/hermes").next().unwrap();
        for page in [format!("{base}/healthz"), format!("{}/healthz", self.telemetry)] {
            assert_eq!(self.fetch(&page).await.status, 200, "{page}");
        }
        let metrics = self.fetch(&format!("{}/metrics", self.telemetry)).await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.body.contains("code=\"10100\""), "{}", metrics.body);
        // Long enough for the driver to have met the full disk as well.
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;

        room.free();
        let held = format!(
            "SELECT COUNT(*) FROM fibre WHERE ref = '{}' AND contract_id IS NOT NULL",
            fibre("DEMO-SIMPLE", Role::Free)
        );
        assert_eq!(room.number(&held).await, 0, "a put that was refused holds nothing");
        for question in &questions {
            eventually("an OK", async || {
                (told.of(&self.ask(question).await).outcome() == "OK").then_some(())
            })
            .await;
        }
        for contract in ["DEMO-ZMD", "DEMO-SIMPLE"] {
            eventually(&format!("the end of {contract}"), async || {
                let reply = self.ask(&get(contract)).await;
                let state = told.of(&reply).attributes("reprovisionning", "statut");
                (state == ["Terminé"]).then_some(())
            })
            .await;
        }
        told.is_what_the_database_has(&room).await;
        assert_eq!(process.terminate(), Some(0));
        let log = std::fs::read_to_string(self.config.with_extension("log")).unwrap();
        assert!(log.contains(room.complaint()), "{log}");
        room.leave().await;
    }

    async fn ask(&self, question: &str) -> Reply {
        self.caller.ask(&self.url, question).await
    }

    /// Asks until the disk is noticed; until then, and for reads only, there is room enough.
    async fn until_refused(&self, question: &str, told: &mut Told) {
        for _ in 0..NOTICED_MAX {
            let reply = self.ask(question).await;
            let outcome = told.of(&reply).outcome();
            if outcome == "10100" {
                return;
            }
            assert!(!question.contains("putRepro"), "{outcome}: reads have used up all the room");
        }
        panic!("the disk is full, and nobody notices");
    }
}

/// What the caller was told.
#[derive(Default)]
struct Told {
    accepted: BTreeSet<String>,
    refused: BTreeSet<String>,
}

impl Told {
    /// Remembers an answer, which is OK or 10100, whatever the disk does.
    #[track_caller]
    fn of<'r>(&mut self, reply: &'r Reply) -> &'r Reply {
        let id = reply.header("x-request-id").unwrap().to_owned();
        match reply.outcome().as_str() {
            "OK" => self.accepted.insert(id),
            "10100" => self.refused.insert(id),
            _ => panic!("{}", reply.body),
        };
        reply
    }

    /// Each OK has its row, no row says OK of what was refused, and all that was counted is there.
    async fn is_what_the_database_has(&self, room: &Room) {
        assert!(self.refused.len() >= 4);
        let recorded: BTreeSet<_> = room
            .texts("SELECT request_id FROM audit WHERE code IS NULL")
            .await
            .into_iter()
            .collect();
        assert_eq!(recorded, self.accepted);
        let calls = room.number("SELECT COUNT(*) FROM audit").await;
        let counted = "SELECT CAST(SUM(used) AS BIGINT) FROM monthly_usage";
        assert_eq!(room.number(counted).await, calls);
        let both = "SELECT COUNT(*) FROM reprovisioning
           JOIN audit ON audit.request_id = reprovisioning.request_id";
        assert_eq!(room.number(both).await, 2, "two puts were accepted");
        let orders = "SELECT COUNT(*) FROM network_order";
        assert_eq!(room.number(orders).await, 2, "each done once");
    }
}
