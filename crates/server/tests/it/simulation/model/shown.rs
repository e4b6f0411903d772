//! What the three methods that read show.

use super::{Code, Fibre, Model, put::shown, socket_name};
use crate::simulation::world::{CONTRACTS, FIBRES, FLOORS, PBOS};

/// How far a socket is built.
pub(super) fn construction(socket: Option<usize>) -> &'static str {
    match socket.and_then(|socket| FIBRES[socket].2) {
        Some((_, "built")) => "Construite",
        Some((_, "being_built")) => "En construction",
        // Where there is none, there is one to build.
        _ => "A construire",
    }
}

impl Model {
    pub(super) fn structure(&self, contract: usize) -> Vec<String> {
        let site = FLOORS[CONTRACTS[contract].floor][0];
        let mut lines = vec![format!("site reference={site}")];
        let floors = (0..FLOORS.len()).filter(|floor| FLOORS[*floor][0] == site);
        let (mut in_building, mut in_staircase) = ("", "");
        for floor in floors {
            let [_, building, staircase, name] = FLOORS[floor];
            if building != in_building {
                lines.push(format!("batiment reference={building}"));
                in_staircase = "";
            }
            if staircase != in_staircase {
                lines.push(format!("escalier reference={staircase}"));
            }
            (in_building, in_staircase) = (building, staircase);
            lines.push(format!("etage reference={name}"));
            let pbos = PBOS.iter().filter(|(at, _)| *at == floor);
            lines.extend(pbos.map(|(_, pbo)| format!("pbo reference={pbo}")));
            for (socket, row) in FIBRES.iter().enumerate() {
                if row.2.is_none_or(|(at, _)| at != floor) {
                    continue;
                }
                let serves = self.fibres.iter().find(|fibre| fibre.socket == Some(socket));
                lines.push(format!(
                    "pto informationConstruction={} informationUtilisation={} reference=T-{}",
                    construction(Some(socket)),
                    serves.map_or("Disponible", shown),
                    row.0
                ));
            }
        }
        lines
    }

    /// D13 and D18.
    pub(super) fn routes(
        &self,
        contract: usize,
        floor: usize,
        pbo: Option<&str>,
    ) -> Result<Vec<String>, Code> {
        if FLOORS[floor][0] != FLOORS[CONTRACTS[contract].floor][0] {
            // The same place may be on the contract's site all the same.
            let site = FLOORS[CONTRACTS[contract].floor][0];
            let there = (0..FLOORS.len())
                .find(|at| FLOORS[*at][0] == site && FLOORS[*at][1..] == FLOORS[floor][1..]);
            return self.routes(contract, there.ok_or("20005")?, pbo);
        }
        let socket_floor = |fibre: &Fibre| {
            let first = fibre.socket?;
            FIBRES[first].2.map(|(floor, _)| floor)
        };
        let mut lines = Vec::new();
        for (at, (pbo_floor, name)) in PBOS.iter().enumerate() {
            let on_it: Vec<_> = (0..FIBRES.len()).filter(|fibre| FIBRES[*fibre].1 == at).collect();
            let serves = |fibre: &usize| socket_floor(&self.fibres[*fibre]) == Some(floor);
            let shown_here: Vec<usize> = match pbo {
                Some(wanted) => {
                    let is_here = *pbo_floor == floor || on_it.iter().any(serves);
                    if wanted == *name && is_here { on_it } else { Vec::new() }
                }
                None => {
                    let of_floor = |fibre: &usize| match socket_floor(&self.fibres[*fibre]) {
                        Some(at) => at == floor,
                        None => *pbo_floor == floor,
                    };
                    on_it.into_iter().filter(of_floor).collect()
                }
            };
            if !shown_here.is_empty() {
                lines.push(format!("pbo localisation=at {name} reference={name}"));
            }
            lines.extend(shown_here.into_iter().map(|fibre| self.route(fibre)));
        }
        if lines.is_empty() { Err("20005") } else { Ok(lines) }
    }

    fn route(&self, at: usize) -> String {
        let (name, fibre) = (FIBRES[at].0, &self.fibres[at]);
        let socket =
            socket_name(fibre.socket).map_or(String::new(), |name| format!(" referencePTO={name}"));
        format!(
            "fibre informationCable=cable informationConstruction={} informationFibre={name} \
             informationTube=tube informationUtilisation={} reference={name}{socket}",
            construction(fibre.socket),
            shown(fibre)
        )
    }

    /// D33.
    pub(super) fn follow_up(&self, contract: usize) -> Result<Vec<String>, Code> {
        let latest = self.jobs.iter().rev().find(|job| job.contract == contract).ok_or("20014")?;
        let mut lines = vec![
            format!("contrat reference={}", CONTRACTS[contract].name),
            format!("reprovisionning statut={}", latest.state.label()),
        ];
        if latest.state.shows_route() {
            let (name, _, _, pm, ..) = FIBRES[latest.put.fibre];
            let own = self.fibres[latest.put.fibre].socket;
            let socket = if latest.runs() { latest.kept.or(own) } else { own };
            let socket =
                socket_name(socket).map_or(String::new(), |name| format!(" referencePTO={name}"));
            lines.push(format!("pm position=pos {name} reference={pm}"));
            lines.push(format!(
                "fibre informationCable=cable informationFibre={name} informationTube=tube \
                 reference={name}{socket}"
            ));
        }
        Ok(lines)
    }
}
