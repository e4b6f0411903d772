//! The real service, to which the same things happen.

use ereprov_server::{
    clock::Clock,
    reprovisioning::{
        admin::{self, AdminError},
        driver::Driver,
        steps::{Record, perform, record},
    },
    store::{
        admin_acts::Act,
        fibres,
        operators::{self, Change},
        reprovisionings::{self, Lease, Now},
        seat::Seat,
        service::{self, ServiceState},
    },
};
use roxmltree::Document;
use tempfile::TempDir;

use super::{
    ops::{MOTIFS, Op, Put, Question},
    world::{self, CONTRACTS, FIBRES, FLOORS, OPERATORS},
};
use crate::harness::{self, Beside, Oi, Reply, Setup};

/// Requests that are held in progress at the most.
const HELD_MAX: i64 = 100;

/// A loaded database, of one list's own.
pub struct Network {
    /// With `ereprov.db`, on SQLite.
    pub folder: TempDir,
    /// Its URL, on PostgreSQL.
    pub postgres: Option<String>,
}

/// A service, what a test knows of it, and its tables.
pub struct Rig {
    oi: Option<Oi>,
    clock: Clock,
    schema: bool,
    beside: Beside,
    postgres: Option<String>,
    /// Those of other requests in progress.
    seats: Vec<Seat>,
    late: Vec<Record>,
    /// Discharge codes, in the order in which they were seen.
    codes: Vec<String>,
    acts: usize,
}

impl Rig {
    /// On a loaded database; `schema`: every answer is held against it.
    pub async fn start(network: Network, now_ms: i64, schema: bool) -> Self {
        let Network { folder, postgres } = network;
        let clock = Clock::manual(now_ms);
        let beside = Beside::open(&folder.path().join("ereprov.db"), postgres.as_deref()).await;
        let oi = setup(&clock, schema, postgres.as_ref()).open(folder).await;
        Self {
            oi: Some(oi),
            clock,
            schema,
            beside,
            postgres,
            seats: Vec::new(),
            late: Vec::new(),
            codes: Vec::new(),
            acts: 0,
        }
    }

    pub async fn stop(mut self) {
        self.let_go().await;
        drop(self.oi.take().unwrap().stop().await);
    }

    fn oi(&self) -> &Oi {
        self.oi.as_ref().expect("it is there but while it restarts")
    }

    fn driver(&self) -> &Driver {
        &self.oi().running.driver
    }

    pub fn pass(&self, ms: i64) {
        self.clock.advance_ms(ms);
    }

    pub async fn restart(&mut self) {
        self.let_go().await;
        let folder = self.oi.take().unwrap().stop().await;
        let setup = setup(&self.clock, self.schema, self.postgres.as_ref());
        self.oi = Some(setup.open(folder).await);
    }

    pub async fn ask(&mut self, who: usize, right: bool, question: Question) -> Vec<String> {
        let login = OPERATORS[who].0;
        let basic = harness::basic(login, if right { login } else { "wrong" });
        let mut headers = vec![("authorization", basic)];
        if let Question::Put(_, Some(name)) = question {
            headers.push(("idempotency-key", format!("name-{name}")));
        }
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = self.oi().post(&harness::envelope(&body(question)), &headers).await;
        self.told(&reply)
    }

    /// An answer, line by line.
    fn told(&mut self, reply: &Reply) -> Vec<String> {
        let document = Document::parse(&reply.body).expect("an XML document");
        let mut lines = Vec::new();
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let name = node.tag_name().name();
            let text = node.text().unwrap_or_default().trim();
            match name {
                "codeErreur" => lines.push(format!("KO {text}")),
                "codeDecharge" => lines.push(format!("{name} ={}", self.code(text))),
                "site" | "batiment" | "escalier" | "etage" | "pbo" | "pto" | "fibre"
                | "contrat" | "reprovisionning" | "pm" => {
                    let attributes = node.attributes();
                    let mut said: Vec<_> =
                        attributes.map(|a| format!("{}={}", a.name(), a.value())).collect();
                    said.sort();
                    lines.push(format!("{name} {}", said.join(" ")));
                }
                _ => {}
            }
        }
        lines.extend(reply.header("ratelimit").map(str::to_owned));
        lines
    }

    fn code(&mut self, code: &str) -> usize {
        let known = self.codes.iter().position(|known| known == code);
        known.unwrap_or_else(|| {
            self.codes.push(code.to_owned());
            self.codes.len() - 1
        }) + 1
    }

    pub async fn drive(&self) {
        while self.driver().run_due().await.unwrap() > 0 {}
    }

    /// A driver claims what is due, and dies.
    pub async fn die(&mut self, performs: bool) {
        let now_ms = self.clock.now_ms();
        self.acts += 1;
        let token = format!("dead {}", self.acts);
        let lease = Lease { token: token.clone(), until_ms: now_ms + world::LEASE_MS };
        let now = Now { ms: now_ms, wait_max_ms: 60_000, lease_max_ms: 60_000 };
        let claimed = self.oi().store().write("claim", (lease, now), |tx, (lease, now)| {
            Box::pin(reprovisionings::claim(tx, lease, *now, i64::MAX))
        });
        for id in claimed.await.unwrap() {
            if !performs {
                continue;
            }
            let found = self
                .oi()
                .store()
                .read("find", id, |tx, id| Box::pin(reprovisionings::find(tx, id)));
            let job = found.await.unwrap().unwrap();
            let driver = self.driver();
            let outcome = perform(&driver.networks, &driver.patience, &job, now_ms).await;
            self.late.push(Record { job, token: token.clone(), outcome, now_ms });
        }
    }

    /// The dead come back.
    pub async fn late(&mut self) {
        for mut late in std::mem::take(&mut self.late) {
            late.now_ms = self.clock.now_ms();
            // What has ended meanwhile may not move: that is an error, and writes nothing.
            let store = self.oi().store();
            store.write("late", late, |tx, late| Box::pin(record(tx, late))).await.unwrap();
        }
    }

    pub async fn cancel(&mut self, contract: usize) -> String {
        let Some(id) = self.latest(contract).await else { return "nothing".to_owned() };
        let act = self.act();
        match admin::cancel(self.driver(), &id, act).await {
            Ok(state) => state.as_str().to_owned(),
            Err(AdminError::Network(_)) => "Networks failed".to_owned(),
            Err(AdminError::Ended(state)) => format!("ended {}", state.as_str()),
            Err(other) => format!("{other:?}"),
        }
    }

    pub async fn retry(&mut self, contract: usize) -> String {
        let Some(id) = self.latest(contract).await else { return "nothing".to_owned() };
        let act = self.act();
        match admin::retry(self.driver(), &id, act).await {
            Ok(job) => job.state.as_str().to_owned(),
            Err(AdminError::Running(_)) => "running".to_owned(),
            Err(AdminError::Ended(state)) => format!("ended {}", state.as_str()),
            Err(AdminError::Refused(_)) => "refused".to_owned(),
            Err(other) => format!("{other:?}"),
        }
    }

    async fn latest(&self, contract: usize) -> Option<String> {
        let latest = format!(
            "SELECT reprovisioning.id FROM reprovisioning JOIN contract ON contract.id = contract_id
             WHERE contract.ref = '{}' ORDER BY number DESC LIMIT 1",
            CONTRACTS[contract].name
        );
        self.beside.lines(&latest).await.pop()
    }

    fn act(&mut self) -> Act {
        self.acts += 1;
        harness::loading(i64::try_from(self.acts).unwrap())
    }

    pub async fn set(&self, op: Op) {
        let (who, change) = match op {
            Op::Quota(who, quota) => (who, Change::Quota(quota)),
            Op::Sessions(who, sessions) => (who, Change::Sessions(sessions)),
            Op::Disabled(who, is) => (who, Change::Disabled(is)),
            Op::Profile(who, profile) => (who, Change::Profile(profile.map(str::to_owned))),
            other => panic!("{other:?} sets nothing"),
        };
        let asked = (OPERATORS[who].0, change);
        let changed = self.oi().store().write("change", asked, |tx, (login, change)| {
            Box::pin(operators::change(tx, login, change, 0))
        });
        changed.await.unwrap();
    }

    pub async fn close(&self, closed: bool) {
        let state = ServiceState { closed, reason: "maintenance".into(), until_ms: None };
        let written = self
            .oi()
            .store()
            .write("close", state, |tx, state| Box::pin(service::write(tx, state, 0)));
        written.await.unwrap();
    }

    pub async fn restore(&self, fibre: usize) -> bool {
        let restored = self
            .oi()
            .store()
            .write("restore", FIBRES[fibre].0, |tx, fibre| Box::pin(fibres::restore(tx, fibre)));
        restored.await.unwrap()
    }

    /// Another request of the operator is in progress.
    pub async fn hold_session(&mut self, who: usize) {
        let mut seat = self.oi().store().seat().await.unwrap();
        seat.open_session(operator_id(who), HELD_MAX).await.unwrap();
        self.seats.push(seat);
    }

    /// Another request for the contract is being decided.
    pub async fn hold_contract(&mut self, contract: usize) {
        let row = &CONTRACTS[contract];
        let mut seat = self.oi().store().seat().await.unwrap();
        seat.begin_decision(operator_id(row.operator), row.name).await.unwrap();
        self.seats.push(seat);
    }

    pub async fn let_go(&mut self) {
        for seat in self.seats.drain(..) {
            seat.leave().await;
        }
    }

    /// What the tables say.
    pub async fn tables(&mut self) -> Vec<String> {
        let [fibres, contracts, jobs, used, audit] = [
            "SELECT fibre.ref || ' ' || usage || ' ' || CASE WHEN out_of_service THEN 1 ELSE 0 END
               || ' [' || COALESCE(contract.ref, '') || '] [' || COALESCE(pto.ref, '') || ']'
             FROM fibre LEFT JOIN contract ON contract.id = fibre.contract_id
               LEFT JOIN pto ON pto.id = fibre.pto_id ORDER BY fibre.id",
            "SELECT contract.ref || ' on [' || COALESCE(fibre.ref, '') || '] ' || route_kind
             FROM contract LEFT JOIN fibre ON fibre.id = contract.fibre_id ORDER BY contract.id",
            "SELECT contract.ref || ' ' || number || ' ' || fibre.ref || ' ' || state || ' code '
               || discharge_code || ' attempt ' || attempt
             FROM reprovisioning JOIN contract ON contract.id = reprovisioning.contract_id
               JOIN fibre ON fibre.id = reprovisioning.fibre_id ORDER BY contract.id, number",
            "SELECT login || ' ' || month || ' used ' || used FROM monthly_usage
             JOIN operator ON operator.id = operator_id ORDER BY operator_id, month",
            "SELECT COUNT(*) || ' rows of audit' FROM audit",
        ];
        let mut lines = self.beside.lines(fibres).await;
        lines.extend(self.beside.lines(contracts).await);
        let jobs = self.beside.lines(jobs).await;
        lines.extend(jobs.into_iter().map(|job| {
            let mut words: Vec<_> = job.split(' ').map(str::to_owned).collect();
            words[5] = self.code(&words[5]).to_string();
            words.join(" ")
        }));
        lines.extend(self.beside.lines(used).await);
        lines.extend(self.beside.lines(audit).await);
        lines
    }
}

/// Operators are numbered as they were loaded.
fn operator_id(who: usize) -> i64 {
    i64::try_from(who).unwrap() + 1
}

fn setup(clock: &Clock, schema: bool, postgres: Option<&String>) -> Setup {
    let (config, postgres) = (world::config(), postgres.cloned());
    Setup { config, clock: clock.clone(), driver_runs: false, schema, postgres, ..Setup::default() }
}

fn body(question: Question) -> String {
    let name = |contract: usize| CONTRACTS[contract].name;
    match question {
        Question::Structure(contract) => harness::structure(name(contract)),
        Question::Routes(contract) => harness::routes(name(contract)),
        Question::RoutesAt(contract, floor, pbo) => {
            let [_, building, staircase, floor] = FLOORS[floor];
            let place = [building, staircase, floor];
            harness::routes_at(name(contract), place, pbo.unwrap_or_default())
        }
        Question::Get(contract) => harness::get(name(contract)),
        Question::Put(put, _) => asked(put).body(),
        Question::Wrong(contract) => {
            let put = harness::Put::new(name(contract), "F11").body();
            put.replace("<conservationPTO>0", "<conservationPTO>2")
        }
    }
}

fn asked(put: Put) -> harness::Put {
    let fibre = FIBRES.get(put.fibre).map_or("F-nowhere", |row| row.0);
    let asked = harness::Put {
        keep: put.keep,
        ..harness::Put::new(CONTRACTS[put.contract].name, fibre).motif(MOTIFS[put.motif])
    };
    match put.named {
        None => asked,
        Some(named) => {
            asked.pto(&FIBRES.get(named).map_or("T-nowhere".into(), |row| format!("T-{}", row.0)))
        }
    }
}
