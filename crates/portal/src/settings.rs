//! What whoever runs the portal says about it.

use std::{path::PathBuf, time::Duration};

use ereprov_door::{
    forwarded::{Header, Proxies},
    ip_list::IpList,
    tls::Files,
};

use crate::gate::SignIn;

/// How a portal is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Under which address technicians reach it, without a path: `https://fibre.oc.example`.
    pub public_url: String,
    /// Where its database is.
    pub data_folder: PathBuf,
    /// The operator, as its people call it.
    pub company: String,
    /// The hotline's telephone number, as it is dialled; none: it is only spoken of.
    pub hotline: Option<String>,
    /// Whom technicians write to when the company itself has to act: an e-mail address; none: they are told to
    /// call.
    pub contact: Option<String>,
    /// In which order fibres and tubes lie in a cable.
    pub colour_order: ColourOrder,
    /// How technicians sign in.
    pub sign_in: SignIn,
    /// How their requests come in.
    pub door: Door,
    /// How long the journal is kept.
    pub journal_lasts: Duration,
    /// Whether technicians see what others have asked for, for the same contract too.
    pub shares_interventions: bool,
    /// When it asks the service by itself, and how long it believes an answer.
    pub pace: Pace,
}

impl Default for Settings {
    /// On this machine, in this folder, for nobody in particular.
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8090".to_owned(),
            data_folder: PathBuf::from("portal"),
            company: "Portail fibre".to_owned(),
            hotline: None,
            contact: None,
            colour_order: ColourOrder::default(),
            sign_in: SignIn::default(),
            door: Door::default(),
            journal_lasts: Duration::from_hours(365 * 24),
            shares_interventions: true,
            pace: Pace::default(),
        }
    }
}

/// How requests come in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The files of its own TLS; none: plain HTTP, on this machine or behind a proxy that has TLS.
    pub tls: Option<Files>,
    /// The proxies whose word on a caller's address is taken.
    pub proxies: Proxies,
}

impl Default for Door {
    /// No TLS, no proxy.
    fn default() -> Self {
        let proxies = Proxies { trusted: IpList::default(), header: Header::XForwardedFor };
        Self { tls: None, proxies }
    }
}

/// An order of colours: one of [`ereprov_words::colours`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourOrder {
    /// SFR's, which the specification's samples have.
    #[default]
    Sfr,
    /// France Télécom's and Orange's.
    Orange,
    /// TIA-598, FOTAG.
    Tia,
    /// IEC 60304, DIN.
    Iec,
}

/// When the portal asks the service by itself.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Readings of a re-provisioning that runs, each so long after the one before.
    pub follow: Vec<Duration>,
    /// For how long a site's plan is believed.
    pub structure_lasts: Duration,
    /// For how long a list of fibres is believed when one of them is asked for.
    pub routes_last: Duration,
    /// Calls of one intervention that are made without a tap on a button that says so.
    pub calls_max: u32,
    /// Where the service says that others have the operator's places: each next try, so long after the one
    /// before.
    pub places_tried: Vec<Duration>,
    /// Where other programs of this machine have them: for how long one waits in line. That costs nothing.
    pub places_wait: Duration,
    /// How long a page waits for an answer before it shows that it waits.
    pub page_waits: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            follow: ereprov_client::SCHEDULE.to_vec(),
            structure_lasts: Duration::from_mins(15),
            routes_last: Duration::from_mins(2),
            calls_max: 8,
            places_tried: [20, 40, 80].map(Duration::from_secs).to_vec(),
            places_wait: Duration::from_mins(5),
            page_waits: Duration::from_millis(2500),
        }
    }
}
