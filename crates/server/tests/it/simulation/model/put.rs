//! putReprovisionning: the order of D26 from the replay on, and the rules D27 to D31.

use super::{
    Code, Contract, Fibre, Model, Named,
    shown::construction,
    site_of_pbo, socket_name,
    workflow::{Job, State},
};
use crate::simulation::{
    ops::{DAY_MS, MOTIFS, Put},
    world::{CONTRACTS, FIBRES, FLOORS, Networks},
};

const NOT_ALLOWED: Code = "20015";

impl Model {
    pub(super) fn put(
        &mut self,
        who: usize,
        put: Put,
        name: Option<u8>,
    ) -> Result<Vec<String>, Code> {
        if let Some(named) = name.and_then(|name| self.names.get(&(who, name)))
            && self.now_ms - named.accepted_ms < DAY_MS
        {
            return if named.put == put { Ok(named.answer.clone()) } else { Err("20001") };
        }
        let kept = self.decide(put, self.held_contracts.contains(&put.contract))?;
        if let Networks::Says(_, code) = CONTRACTS[put.contract].networks {
            return Err(code);
        }
        self.codes += 1;
        let code = self.codes;
        let socket = kept.or(self.fibres[put.fibre].socket);
        self.start(put, kept, code, 1);
        let (fibre, _, _, pm, ..) = FIBRES[put.fibre];
        let mut answer = vec![
            format!("contrat reference={}", CONTRACTS[put.contract].name),
            format!("codeDecharge ={code}"),
            format!("pm position=pos {fibre} reference={pm}"),
        ];
        answer.push(match socket_name(socket) {
            Some(socket) => format!("fibre reference={fibre} referencePTO={socket}"),
            None => format!("fibre reference={fibre}"),
        });
        if let Some(name) = name {
            let named = Named { put, answer: answer.clone(), accepted_ms: self.now_ms };
            self.names.insert((who, name), named);
            self.last_named = Some((who, put, name));
        }
        Ok(answer)
    }

    /// From the order on; answers the socket that stays.
    pub(super) fn decide(&self, put: Put, being_decided: bool) -> Result<Option<usize>, Code> {
        let row = &CONTRACTS[put.contract];
        match row.order {
            "none" | "done" => return Err("20018"),
            "cancelled" | "awaiting_report" => return Err("20002"),
            _ if row.intervention != "connection" => return Err("20002"),
            _ => {}
        }
        if being_decided {
            return Err("20006");
        }
        if self.running(put.contract).is_some() {
            return Err("20012");
        }
        let fibre = self.fibres.get(put.fibre).ok_or("20005")?;
        let named = named_socket(put)?;
        self.rules(put, &self.contracts[put.contract], fibre, named)?;
        if !put.keep {
            return Ok(None);
        }
        let own = self.contracts[put.contract].fibre.and_then(|own| self.fibres[own].socket);
        Ok(named.or(own))
    }

    fn rules(
        &self,
        put: Put,
        contract: &Contract,
        fibre: &Fibre,
        named: Option<usize>,
    ) -> Result<(), Code> {
        let row = &CONTRACTS[put.contract];
        let (_, pbo, _, pm, ..) = FIBRES[put.fibre];
        // D30
        let other_pbo_will_do = !row.zmd && !row.house;
        let same_site = site_of_pbo(pbo) == FLOORS[row.floor][0];
        let pbo_allowed = contract.pbo == Some(pbo) || (other_pbo_will_do && same_site);
        if pm != contract.pm || !pbo_allowed {
            return Err(NOT_ALLOWED);
        }
        // D27
        if contract.fibre == Some(put.fibre) {
            return Err(NOT_ALLOWED);
        }
        // D28
        let own_socket = contract.fibre.and_then(|own| self.fibres[own].socket);
        let motif = MOTIFS[put.motif];
        if put.keep {
            let (construction, usage) = (construction(fibre.socket), shown(fibre));
            let fresh = matches!(
                (construction, usage),
                ("A construire", "Disponible") | ("En construction", "Réservé")
            );
            let forbidden = (row.existing_socket && motif != "Fibre cassée")
                || row.opac
                || NEVER_KEPT.contains(&motif)
                || contract.is_virtual
                || !fresh
                || (named.is_none() && own_socket.is_none());
            if forbidden {
                return Err(NOT_ALLOWED);
            }
        } else if shown(fibre) != "Disponible" {
            // D29
            return Err(NOT_ALLOWED);
        }
        if contract.is_virtual && put.named.is_some() {
            return Err(NOT_ALLOWED);
        }
        // D31, and docs/decisions.md for sockets: what another line hangs on, or was promised.
        let other = |holder: Option<usize>| holder.is_some_and(|holder| holder != put.contract);
        if other(fibre.holder) || other(fibre.socket.and_then(|socket| self.keeper(socket))) {
            return Err(NOT_ALLOWED);
        }
        if let Some(socket) = named {
            let serves = self.fibres.iter().position(|fibre| fibre.socket == Some(socket));
            let known = serves.and_then(|fibre| self.fibres[fibre].holder).or(self.keeper(socket));
            let labelled = |fibre: usize| {
                let Fibre { usage, out_of_service, .. } = self.fibres[fibre];
                fibre != put.fibre && usage != "available" && !out_of_service
            };
            if other(known) || (known.is_none() && serves.is_some_and(labelled)) {
                return Err(NOT_ALLOWED);
            }
        }
        Ok(())
    }

    /// The contract whose running re-provisioning keeps a socket.
    fn keeper(&self, socket: usize) -> Option<usize> {
        let mut running = self.jobs.iter().filter(|job| job.runs());
        running.find(|job| job.kept == Some(socket)).map(|job| job.contract)
    }

    /// The fibre is reserved and the job is there.
    pub(super) fn start(&mut self, put: Put, kept: Option<usize>, code: usize, attempt: usize) {
        let fibre = &mut self.fibres[put.fibre];
        self.jobs.push(Job {
            contract: put.contract,
            put,
            kept,
            code,
            attempt,
            old_fibre: self.contracts[put.contract].fibre,
            usage_before: fibre.usage,
            held_before: fibre.holder.is_some(),
            state: State::Initiated,
            watches: false,
            due_ms: self.now_ms,
            failures: 0,
            token: None,
            lease_until_ms: 0,
        });
        fibre.usage = "reserved";
        fibre.holder = Some(put.contract);
    }
}

/// The socket that is named to stay, which is one of the contract's site.
fn named_socket(put: Put) -> Result<Option<usize>, Code> {
    let Some(named) = put.named.filter(|_| put.keep) else { return Ok(None) };
    let site = FLOORS[CONTRACTS[put.contract].floor][0];
    match FIBRES.get(named).and_then(|(_, _, socket, ..)| *socket) {
        Some((floor, _)) if FLOORS[floor][0] == site => Ok(Some(named)),
        _ => Err("20005"),
    }
}

/// §3.4.1, fourth rule.
const NEVER_KEPT: [&str; 8] = [
    "PTO existante",
    "PTO inexistante",
    "PTO erronée",
    "Route optique virtuelle",
    "Bâtiment erroné",
    "Escalier erroné",
    "Etage erroné",
    "Adresse erronée",
];

/// The label that the wire has for a fibre.
pub(super) fn shown(fibre: &Fibre) -> &'static str {
    match fibre.usage {
        _ if fibre.out_of_service => "Occupé",
        "available" => "Disponible",
        "reserved" => "Réservé",
        _ => "Occupé",
    }
}
