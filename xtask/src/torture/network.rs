//! The network of a torture: one site in ZTD, a collective building, one PM, more lines than there
//! is room for. Whatever belongs to an operator has the operator's mark in its name.

use std::{fs, io, path::Path};

/// Operators; the last two have a quota that ends in the middle of a run.
const OPERATORS: usize = 5;
/// Lines of each operator.
const CONTRACTS_EACH: usize = 16;
/// Floors, with a PBO each.
const FLOORS: usize = 5;
/// The password of every operator.
pub(super) const PASSWORD: &str = "oc-demo";
/// Its hash, as in the demo network.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$dp/x+RGLwO4PIhXZLPrtFg$\
                             uafagbUhlxQ0swbO92P1sbPpSPuD1UCroFDU4MQLFAY";

/// What the clients know.
#[derive(Debug)]
pub(super) struct Network {
    /// Who may ask.
    pub(super) operators: Vec<Operator>,
    /// Every fibre there is, free or not.
    pub(super) fibres: Vec<String>,
}

/// An operator.
#[derive(Debug)]
pub(super) struct Operator {
    /// Its login.
    pub(super) login: String,
    /// What stands in every name that is its own.
    pub(super) mark: String,
    /// Calls a month.
    pub(super) quota: u64,
    /// Requests at once; `None`: the profile's two.
    sessions: Option<u64>,
    /// Its lines.
    pub(super) contracts: Vec<String>,
}

impl Network {
    /// A network with this many free fibres; two operators have about this quota.
    pub(super) fn new(free_fibres: usize, few: u64) -> Self {
        let plenty = 1_000_000;
        let limits = [
            (plenty, None),
            (plenty, Some(16)),
            (plenty, Some(5)),
            (few, Some(8)),
            (few * 3 / 2, None),
        ];
        let operators = limits.into_iter().enumerate().map(|(number, (quota, sessions))| {
            let mark = format!("OC{}", number + 1);
            let contracts = (0..CONTRACTS_EACH).map(|line| format!("{mark}-{line:03}")).collect();
            Operator { login: format!("oc{}", number + 1), mark, quota, sessions, contracts }
        });
        let routes = OPERATORS * CONTRACTS_EACH / 2;
        let fibres = (0..free_fibres + routes).map(|number| format!("FIBRE-{number:04}")).collect();
        Self { operators: operators.collect(), fibres }
    }

    /// Writes it as files that `ereprovd import` reads.
    pub(super) fn write(&self, folder: &Path, free_fibres: usize) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut operators = "login;name;password_hash;profile;quota;sessions\n".to_owned();
        for operator in &self.operators {
            let Operator { login, mark, quota, sessions, .. } = operator;
            let sessions = sessions.map_or(String::new(), |sessions| sessions.to_string());
            operators.push_str(&format!(
                "{login};Operator {mark};{PASSWORD_HASH};OC;{quota};{sessions}\n"
            ));
        }
        fs::write(folder.join("operators.csv"), operators)?;
        let mut floors = "site;building;staircase;floor\n".to_owned();
        let mut pbos = "site;building;staircase;floor;pbo;location\n".to_owned();
        for floor in 0..FLOORS {
            floors.push_str(&format!("{}\n", place(floor)));
            pbos.push_str(&format!("{};BE-{floor};\n", place(floor)));
        }
        fs::write(folder.join("floors.csv"), floors)?;
        fs::write(folder.join("pbos.csv"), pbos)?;
        self.write_fibres(folder, free_fibres)?;
        self.write_contracts(folder, free_fibres)
    }

    fn write_fibres(&self, folder: &Path, free_fibres: usize) -> io::Result<()> {
        let mut ptos = "pto;site;building;staircase;floor;construction\n".to_owned();
        let mut fibres = "fibre;site;building;staircase;floor;pbo;pto;pm;pm_position;cable;tube;\
                          colour;usage;out_of_service;holder\n"
            .to_owned();
        for (number, fibre) in self.fibres.iter().enumerate() {
            let (floor, place) = (number % FLOORS, place(number % FLOORS));
            // To build: the socket may be kept.
            let construction = if number % 3 == 0 { "to_build" } else { "built" };
            ptos.push_str(&format!("PTO-{number:04};{place};{construction}\n"));
            let usage = if number < free_fibres { "available" } else { "occupied" };
            fibres.push_str(&format!(
                "{fibre};{place};BE-{floor};PTO-{number:04};PM-1;{number};CABLE-1;Rouge;Bleu;\
                 {usage};no;\n"
            ));
        }
        fs::write(folder.join("ptos.csv"), ptos)?;
        fs::write(folder.join("fibres.csv"), fibres)
    }

    /// Every second line has a route of its own; the others are virtual ones.
    fn write_contracts(&self, folder: &Path, free_fibres: usize) -> io::Result<()> {
        let mut text = "contract;operator;site;building;staircase;floor;fibre;pbo;pm;zone;\
                        building_kind;route;existing_socket;opac;order;intervention\n"
            .to_owned();
        let mut routes = self.fibres[free_fibres..].iter();
        for operator in &self.operators {
            for (line, contract) in operator.contracts.iter().enumerate() {
                let route = if line % 2 == 0 { routes.next() } else { None };
                let (kind, fibre, pbo, pm) = match route {
                    Some(fibre) => ("real", fibre.as_str(), "", ""),
                    None => ("virtual", "", "BE-0", "PM-1"),
                };
                text.push_str(&format!(
                    "{contract};{};{};{fibre};{pbo};{pm};ztd;collective;{kind};no;no;open;\
                     connection\n",
                    operator.login,
                    place(0)
                ));
            }
        }
        fs::write(folder.join("contracts.csv"), text)
    }

    /// The configuration of an instance: a Networks of a few tens of milliseconds, that keeps
    /// silent, refuses or fails at first for some lines of each operator.
    pub(super) fn configuration(&self, port: u16, database_url: &str) -> String {
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\nrequest_deadline_ms = 5000\n\
             drain_ms = 8000\n\n[database]\nurl = \"{database_url}\"\n\n\
             [networks]\nask_deadline_ms = 700\ncall_deadline_ms = 700\nstart_ms = 15\n\
             repatch_ms = 25\n\n[workflow]\npoll_ms = 100\nlease_ms = 1500\nfailures_max = 20\n\
             backoff_first_ms = 50\nbackoff_max_ms = 500\n\n\
             [telemetry]\nlisten = \"\"\nlog_level = \"warn\"\n"
        );
        let behaviours = [
            (15, "ask = \"silence\""),
            (14, "start_ms = 400"),
            (13, "refuses = true"),
            (12, "errors = 2"),
        ];
        for contract in self.operators.iter().map(|operator| &operator.contracts) {
            for (line, behaviour) in behaviours {
                text.push_str(&format!(
                    "\n[[networks.behaviour]]\ncontract = \"{}\"\n{behaviour}\n",
                    contract[line]
                ));
            }
        }
        text
    }
}

fn place(floor: usize) -> String {
    format!("SITE-1;BATIMENT-1;ESCALIER-1;ETAGE-{floor:02}")
}
