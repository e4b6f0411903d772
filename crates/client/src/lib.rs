//! A client of any e-Reprov FTTH 2.0 service: the four methods, typed, and a put that never doubles.
//!
//! It reads whatever the specification's tables or samples show (contract.md, D19) and writes strictly by
//! the WSDL. What processes of one operator share is in a folder: two requests at once, the month's calls,
//! and puts whose outcome is not known yet.
//!
//! ```no_run
//! use ereprov_client::{
//!     At, Client, ContractRef, Endpoint, FibreRef, Login, Password, Put, Reason, SCHEDULE,
//! };
//!
//! # async fn story() -> Result<(), Box<dyn std::error::Error>> {
//! let login = Login::Basic("oc-demo".into(), Password::new("oc-demo".into()));
//! let url = "http://127.0.0.1:8080/hermesDeploiement/eReprov/2.0";
//! let client = Client::new(Endpoint::new(url).login(login), "/var/lib/oc/ereprov".as_ref())?;
//!
//! let contract = ContractRef::new("MUT56816520160316162024");
//! let site = client.structure(&contract).await?.value;
//! let at = At { place: site.floors.first().map(|floor| floor.place.clone()), pbo: None };
//! let routes = client.routes(&contract, &at).await?.value;
//!
//! let fibre = routes[0].fibres[0].fibre.clone();
//! let put = Put { contract, fibre, pto: None, keep_pto: false, reason: Reason::BrokenFibre };
//! let accepted = client.put(&put).await?;
//! println!("{:?}", accepted.discharge_code);
//! let end = client.follow(&put.contract, &SCHEDULE, |_| ()).await?;
//! println!("{:?}", end.value.state);
//! # Ok(())
//! # }
//! ```

mod advice;
mod broken;
mod certificate;
mod check;
mod client;
mod clock;
mod endpoint;
mod error;
mod exchange;
mod methods;
mod settle;
mod shared;
mod token;
mod transport;

pub use advice::{Advice, Retry, advice};
pub use broken::{Broken, Mistrust, Why};
pub use certificate::Validity;
pub use check::{Known, Order, Verdict, check, legal_fibres};
pub use client::{Answered, Client, Wsdl};
pub use clock::{Clock, Entropy};
pub use endpoint::{Endpoint, Login, Patience};
pub use ereprov_domain::{
    eligibility::Rule,
    foresight::Fact,
    order::{BuildingKind, RouteKind, Zone},
    reason::Reason,
    refs::{ContractRef, FibreRef, PboRef, Place, PtoRef},
    reprovisioning::State,
    route::{Construction, Usage as FibreUsage},
};
pub use ereprov_wire::{
    code_erreur::CodeErreur,
    envelope::{NoAnswer, ReadFault, SoapVersion},
    etat::Label,
    lenient::{Departure, What},
    operation::Operation,
    question::BadValue,
    security::Password,
    text::BadText,
};
pub use error::{Code, Error, Ko, Unknown};
pub use exchange::Exchange;
pub use methods::{
    Pm, Said,
    follow_up::{FollowUp, NewRoute, SCHEDULE},
    put::{Accepted, Put},
    read_reason,
    routes::{At, Fibre, Pbo},
    structure::{Floor, Socket, Structure},
};
pub use shared::{
    ledger::{Mark, Usage},
    pending::Unsettled,
};
pub use transport::SetupError;
