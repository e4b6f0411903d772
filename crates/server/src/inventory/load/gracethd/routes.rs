//! Routes, followed from fibre to fibre: each is one of our fibres, or told where it breaks.

use std::ops::RangeInclusive;

use ereprov_domain::route::{Construction, Usage};

use super::{
    Reading,
    boxes::{self, checked},
    colours,
};
use crate::{
    inventory::load::{
        rows::{FibreRow, Service},
        source::Row,
    },
    store::gracethd::{Fibre, Joint, RouteStep, SettledBox, Sheets},
};

/// Fibres of one route at the most.
const STEPS_MAX: usize = 100;
/// Longest name of a fibre, a PM, a position or a cable, in characters.
const TEXT_MAX: usize = 255;
/// Longest colour, in characters.
const COLOUR_MAX: usize = 50;

/// Where a route breaks: on which line of `t_ropt`, in which column, with which value, and why.
struct Broken {
    line: u32,
    column: &'static str,
    value: String,
    reason: String,
}

/// What following a route comes to.
type Followed<T> = anyhow::Result<Result<T, Broken>>;

/// Gives every route that is whole, and tells where the others break.
pub(super) fn read(reading: &mut Reading<'_>) -> anyhow::Result<()> {
    let sheets = reading.sheets;
    let mut steps: Vec<RouteStep> = Vec::new();
    let (mut whole, mut broken) = (0_u64, 0_u64);
    let mut end = |reading: &mut Reading<'_>, steps: &mut Vec<RouteStep>| {
        if !steps.is_empty() && reading.goes_on {
            let is_whole = give(reading, steps)?;
            whole += u64::from(is_whole);
            broken += u64::from(!is_whole);
        }
        steps.clear();
        anyhow::Ok(())
    };
    sheets.steps(&mut |step| {
        if steps.first().is_some_and(|first| first.route != step.route) {
            end(reading, &mut steps)?;
        }
        // One too many says that there are too many.
        if steps.len() <= STEPS_MAX {
            steps.push(step);
        }
        Ok(())
    })?;
    end(reading, &mut steps)?;
    let all = whole + broken;
    let off = sheets.off_route()?;
    reading.taker.note(format!(
        "{all} routes, of which {whole} lead from a PM to a PBO and {broken} break; {off} of {} fibres \
         are on no route, and are not loaded",
        sheets.count("t_fibre")?
    ));
    Ok(())
}

fn give(reading: &mut Reading<'_>, steps: &[RouteStep]) -> anyhow::Result<bool> {
    match follow(reading.sheets, steps)? {
        Ok(row) => {
            let origin = reading.origin("t_ropt", first_line(steps));
            reading.goes_on &= reading.taker.row(origin, Row::Fibre(row));
            Ok(true)
        }
        Err(Broken { line, column, value, reason }) => {
            let route = steps[0].route.as_deref().unwrap_or_default();
            let reason = format!("route {route}: {reason}");
            reading.refuse("t_ropt", line, column, &value, reason);
            Ok(false)
        }
    }
}

/// A route whose fibres are all there and joined: joint `n` is before fibre `n`, the last one after the
/// last.
struct Chain<'c> {
    steps: &'c [RouteStep],
    codes: Vec<&'c str>,
    fibres: Vec<Fibre>,
    joints: Vec<Vec<Joint>>,
}

impl Chain<'_> {
    fn broken<T>(&self, column: &'static str, value: &str, reason: String) -> Result<T, Broken> {
        let line = first_line(self.steps);
        Err(Broken { line, column, value: value.to_owned(), reason })
    }
}

/// The line on which a route begins in the table.
fn first_line(steps: &[RouteStep]) -> u32 {
    steps.iter().map(|step| step.line).min().unwrap_or_default()
}

macro_rules! whole {
    ($followed:expr) => {
        match $followed? {
            Ok(it) => it,
            Err(broken) => return Ok(Err(broken)),
        }
    };
}

fn follow(sheets: &Sheets, steps: &[RouteStep]) -> Followed<FibreRow> {
    let chain = whole!(join(sheets, steps));
    let (within, pbo) = whole!(find_pbo(sheets, &chain));
    let (toward, pm, pm_position) = whole!(anyhow::Ok(find_pm(&chain, &within)));
    let is_first = toward < *within.start();
    let pto = whole!(find_pto(sheets, &chain, &within, toward));
    // The fibre that comes from the PM, which the technician looks for in the PBO.
    let own = if is_first { within.start() - 1 } else { *within.end() };
    let goes_on = if is_first { *within.end() < chain.fibres.len() } else { *within.start() > 0 };
    let fibre = &chain.fibres[own];
    let is_out = chain.fibres.iter().any(|fibre| fibre.condition.as_deref() == Some("HS"))
        || chain.joints.iter().any(|joints| {
            !joints.is_empty() && joints.iter().all(|it| it.condition.as_deref() == Some("HS"))
        });
    if fibre.cable_there.is_none() {
        let cable = fibre.cable.as_deref().unwrap_or_default();
        let reason = format!("the cable of its fibre {} is not in t_cable", chain.codes[own]);
        return Ok(chain.broken("fo_cb_code", cable, reason));
    }
    let cable = fibre.cable_label.as_deref().or(fibre.cable_there.as_deref());
    let row = (|| {
        Ok(FibreRow {
            reference: checked("rt_code", steps[0].route.as_deref(), TEXT_MAX)?,
            at: boxes::floor(&pbo.place),
            pbo: pbo.reference.clone(),
            pto: pto.socket.as_ref().map(|socket| socket.reference.clone()),
            pm: checked("zs_refpm", Some(&pm), TEXT_MAX)?,
            pm_position: checked("ps_numero", Some(&pm_position), TEXT_MAX)?,
            cable: checked("cb_etiquet", cable, TEXT_MAX)?,
            tube: checked("fo_reper", colour(fibre, 0).as_deref(), COLOUR_MAX)?,
            colour: checked("fo_color", colour(fibre, 1).as_deref(), COLOUR_MAX)?,
            usage: usage(&pto, goes_on),
            service: Some(if is_out { Service::Out } else { Service::In }),
            holder: None,
        })
    })();
    row.map_or_else(
        |(column, value, reason)| {
            let reason = format!("of its fibre {}: {reason}", chain.codes[own]);
            Ok(chain.broken(column, &value, reason))
        },
        |row| Ok(Ok(row)),
    )
}

/// The colour of a fibre's tube (0) or its own (1): by its code; or by what the list says of that; or,
/// where neither does, its number.
fn colour(fibre: &Fibre, which: usize) -> Option<String> {
    let known = [colours::of_tube, colours::of_fibre][which];
    let code = fibre.codes[which].as_deref();
    let said = code.and_then(known).or_else(|| fibre.labels[which].clone());
    said.or_else(|| fibre.numbers[which].as_ref().map(|number| format!("n° {number}")))
}

/// Looks up the fibres of a route, and what joins each to the one before it.
fn join<'c>(sheets: &Sheets, steps: &'c [RouteStep]) -> Followed<Chain<'c>> {
    let broken = |step: &RouteStep, column, value: &str, reason: String| {
        Ok(Err(Broken { line: step.line, column, value: value.to_owned(), reason }))
    };
    let mut chain = Chain { steps, codes: Vec::new(), fibres: Vec::new(), joints: Vec::new() };
    if steps[0].route.is_none() {
        return Ok(chain.broken("rt_code", "", "missing".to_owned()));
    }
    if steps.len() > STEPS_MAX {
        return Ok(chain.broken("rt_code", "", format!("over {STEPS_MAX} fibres")));
    }
    let ordered = steps.iter().filter(|step| step.order.is_some()).count();
    if ordered != 0 && ordered != steps.len() {
        let reason = "some of its fibres have a number on the route, and some have none";
        return Ok(chain.broken("rt_fo_ordr", "", reason.to_owned()));
    }
    for step in steps {
        let Some(code) = step.fibre.as_deref() else {
            return broken(step, "rt_fo_code", "", "missing".to_owned());
        };
        if chain.codes.contains(&code) {
            return broken(step, "rt_fo_code", code, "stands on the route twice".to_owned());
        }
        let Some(fibre) = sheets.fibre(code)? else {
            return broken(step, "rt_fo_code", code, "no such fibre in t_fibre".to_owned());
        };
        let joints = match chain.codes.last() {
            None => sheets.ends(code)?,
            Some(before) => {
                let joints = sheets.joints(before, code)?;
                if joints.is_empty() {
                    return broken(step, "rt_fo_code", code, gap(sheets, before, code)?);
                }
                joints
            }
        };
        chain.joints.push(joints);
        chain.codes.push(code);
        chain.fibres.push(fibre);
    }
    let last = chain.codes.last().copied().unwrap_or_default();
    chain.joints.push(sheets.ends(last)?);
    Ok(Ok(chain))
}

fn gap(sheets: &Sheets, before: &str, code: &str) -> anyhow::Result<String> {
    let between = sheets.between(before, code)?;
    let hint = match &*between {
        [] => "add the position, or put right the route".to_owned(),
        fibres => format!("by t_position, {} lies between them", fibres.join(" or ")),
    };
    Ok(format!("no position joins it to {before}, which is before it on the route; {hint}"))
}

/// The one PBO of a route, with its first and its last joint there.
fn find_pbo(sheets: &Sheets, chain: &Chain<'_>) -> Followed<(RangeInclusive<usize>, SettledBox)> {
    let mut found: Vec<(RangeInclusive<usize>, &str)> = Vec::new();
    for (at, joints) in chain.joints.iter().enumerate() {
        let boxes = joints.iter().filter_map(|joint| joint.in_box.as_ref());
        for (code, _) in boxes.filter(|(_, kind)| kind == "PBO") {
            match found.iter_mut().find(|(_, known)| *known == code) {
                Some((within, _)) => *within = *within.start()..=at,
                None => found.push((at..=at, code)),
            }
        }
    }
    match &*found {
        [] => {
            let reason = format!("none of its fibres is joined or ends in a PBO{}", astray(chain));
            Ok(chain.broken("rt_code", "", reason))
        }
        [(within, code)] => match sheets.settled(code)? {
            Some(pbo) => Ok(Ok((within.clone(), pbo))),
            None => {
                Ok(chain.broken("bp_code", code, "its PBO is refused, as said in t_ebp".to_owned()))
            }
        },
        [(_, one), (_, other), ..] => Ok(chain.broken(
            "bp_code",
            one,
            format!("it passes through two PBOs, this and {other}"),
        )),
    }
}

/// The joint of the PM that is nearest to the PBO, the PM, and the position there.
fn find_pm(
    chain: &Chain<'_>,
    pbo: &RangeInclusive<usize>,
) -> Result<(usize, String, String), Broken> {
    let is_pm = |at: &usize| chain.joints[*at].iter().any(|joint| joint.pm.is_some());
    let before = (0..*pbo.start()).rev().find(is_pm);
    let after = (pbo.end() + 1..chain.joints.len()).find(is_pm);
    let at = match (before, after) {
        (Some(at), None) | (None, Some(at)) => at,
        (None, None) => {
            let reason =
                format!("none of its fibres is joined in a drawer of a PM{}", astray(chain));
            return chain.broken("rt_code", "", reason);
        }
        (Some(_), Some(_)) => {
            let reason = "its PBO lies between two PMs".to_owned();
            return chain.broken("rt_code", "", reason);
        }
    };
    let mut found: Vec<(&str, String)> = Vec::new();
    for joint in &chain.joints[at] {
        let Some((pm, names)) = &joint.pm else { continue };
        let Some(pm) = pm.as_deref().filter(|_| *names == 1) else {
            let value = joint.drawer.as_deref().unwrap_or_default();
            let reason = "the room of this drawer is several PMs', and none says whose it is";
            return chain.broken("ti_code", value, reason.to_owned());
        };
        let drawer = joint.drawer.as_deref().unwrap_or_default();
        let number = joint.number.as_deref().unwrap_or_default();
        let position = (pm, format!("{drawer} - {number}"));
        if !found.contains(&position) {
            found.push(position);
        }
    }
    match &*found {
        [(pm, position)] => Ok((at, (*pm).to_owned(), position.clone())),
        [(_, one), (_, other), ..] => {
            let reason = format!("it is joined at the PM at two positions, this and {other}");
            chain.broken("ps_numero", one, reason)
        }
        [] => chain.broken("rt_code", "", "its position at the PM has no name".to_owned()),
    }
}

/// The first position on a route that names a cassette or a drawer which leads nowhere.
fn astray(chain: &Chain<'_>) -> String {
    let mut all = chain.joints.iter().flatten();
    let lost = all.find_map(|joint| match &joint.names {
        [Some(cassette), _] if joint.in_box.is_none() => Some((joint, "t_cassette", cassette)),
        [_, Some(drawer)] if joint.drawer.is_none() => Some((joint, "t_tiroir", drawer)),
        _ => None,
    });
    lost.map_or(String::new(), |(joint, table, name)| {
        let position = joint.code.as_deref().unwrap_or_default();
        format!("; the position {position} names {name}, which leads to none ({table})")
    })
}

/// What lies beyond the PBO.
struct Beyond {
    socket: Option<SettledBox>,
    /// It is assigned to a dwelling.
    is_assigned: bool,
}

/// The socket that a route ends in, or else the one of the dwelling that it is assigned to.
fn find_pto(
    sheets: &Sheets,
    chain: &Chain<'_>,
    pbo: &RangeInclusive<usize>,
    pm: usize,
) -> Followed<Beyond> {
    let is_first = pm < *pbo.start();
    let own = if is_first { pm + 1..chain.joints.len() } else { 0..pm };
    let mut dwellings: Vec<&str> = Vec::new();
    let mut socket = None;
    for at in own {
        for joint in &chain.joints[at] {
            if let Some(suf) = joint.suf.as_deref().filter(|suf| !dwellings.contains(suf)) {
                dwellings.push(suf);
            }
            let is_beyond = if is_first { at > *pbo.end() } else { at < *pbo.start() };
            if let Some((code, kind)) = joint.in_box.as_ref().filter(|_| is_beyond)
                && (kind == "PTO" || (kind == "DTI" && socket.is_none()))
            {
                socket = sheets.settled(code)?;
            }
        }
    }
    if let [one, other, ..] = &*dwellings {
        let reason = format!("its positions are assigned to two dwellings, this and {other}");
        return Ok(chain.broken("ps_preaff", one, reason));
    }
    let dwelling = dwellings.first().copied();
    if let (Some(socket), Some(dwelling)) = (&socket, dwelling)
        && socket.suf.as_deref().is_some_and(|suf| suf != dwelling)
    {
        let reason = format!(
            "assigned to this dwelling, it leads to the socket {} of another",
            socket.reference
        );
        return Ok(chain.broken("ps_preaff", dwelling, reason));
    }
    if let (None, Some(dwelling)) = (&socket, dwelling) {
        for kind in ["PTO", "DTI"] {
            let mut sockets = sheets.sockets_of(dwelling, kind)?;
            if sockets.len() > 1 {
                let reason =
                    "this dwelling has several sockets, and the route leads to none of them";
                return Ok(chain.broken("ps_preaff", dwelling, reason.to_owned()));
            }
            socket = socket.or_else(|| sockets.pop());
        }
    }
    Ok(Ok(Beyond { socket, is_assigned: dwelling.is_some() }))
}

/// Whether a route may be offered: not where anything says that somebody has it, or is to have it.
fn usage(beyond: &Beyond, goes_on: bool) -> Usage {
    match &beyond.socket {
        Some(socket) if socket.operator.is_some() => Usage::Occupied,
        Some(socket) => match boxes::construction(socket.status.as_deref()) {
            Some(Construction::ToBuild) => Usage::Available,
            Some(Construction::BeingBuilt) => Usage::Reserved,
            Some(Construction::Built) | None => Usage::Occupied,
        },
        None if beyond.is_assigned => Usage::Reserved,
        None if goes_on => Usage::Occupied,
        None => Usage::Available,
    }
}
