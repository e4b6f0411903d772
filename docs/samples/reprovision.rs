//! One re-provisioning from beginning to end, with the client library:
//! `cargo run -p ereprov-client --example reprovision -- CONTRACT FLOOR MOTIF`
//!
//! What the other samples do by hand, the library does by itself: it reads after a doubt before it sends
//! anything again, names each put, keeps to two requests at once and counts the month's calls, over all
//! processes that share a folder. See README.md beside this file for the variables of the environment.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to whoever runs it")]

use std::{env, error::Error, fs, path::Path, process::ExitCode, time::Duration};

use ereprov_client::{
    At, Client, ContractRef, Endpoint, FibreUsage, Known, Label, Login, Order, Password, Patience,
    Place, Put, SCHEDULE, State, Verdict, legal_fibres, read_reason,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(State::Completed) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            let known = error.downcast_ref::<ereprov_client::Error>();
            if let Some(error) = known {
                eprintln!("{}", error.next_step().0);
            }
            // The folder remembers the put: the same again, or Client::settle, finds out about it.
            let is_unknown = matches!(known, Some(ereprov_client::Error::OutcomeUnknown(_)));
            ExitCode::from(if is_unknown { 8 } else { 1 })
        }
    }
}

async fn run() -> Result<State, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |name: &'static str| arguments.next().ok_or(name);
    let contract = ContractRef::new(next("CONTRACT?")?);
    let (floor, motif) = (next("FLOOR?")?, next("MOTIF?")?);
    let reason = read_reason(&motif).ok_or("none of the fifteen motifs")?;
    let client = client()?;

    // getSiteStructure: where the floor is.
    let site = client.structure(&contract).await?.value;
    println!("site {}", site.site);
    let place = site.floors.iter().map(|one| &one.place).find(|place| place.floor == floor);
    let place: Place = place.ok_or("no such floor")?.clone();

    // getRoSite: the first free fibre that the rules do not refuse. A technician would choose.
    let at = At { place: Some(place), pbo: None };
    let routes = client.routes(&contract, &at).await?.value;
    let order = Order::default();
    let known = Known { order: &order, structure: Some(&site), routes: &routes, latest: None };
    let free =
        legal_fibres(&contract, reason, false, &known).into_iter().find(|(fibre, verdict)| {
            !matches!(verdict, Verdict::Refused(_))
                && fibre.usage == Label::Known(FibreUsage::Available)
        });
    let (fibre, _) = free.ok_or("no free fibre")?;
    println!("fibre {}: tube {}, fibre {}", fibre.fibre, fibre.tube, fibre.colour);

    // putReprovisionning: once, whatever happens to the connection.
    let put = Put { contract, fibre: fibre.fibre.clone(), pto: None, keep_pto: false, reason };
    let accepted = client.put(&put).await?;
    match accepted.discharge_code {
        Some(code) => println!("accepted: discharge code {code}"),
        None => println!("accepted: the discharge code was lost, ask the OI for it"),
    }

    // getReprovisionning: four looks at the most.
    let schedule = schedule()?;
    let end = client.follow(&put.contract, &schedule, |look| match look {
        Ok(seen) => println!("state {}", seen.value.state),
        Err(error) => eprintln!("{error}"),
    });
    match end.await?.value.state {
        Label::Known(state) => Ok(state),
        Label::Other(unknown) => Err(unknown.into()),
    }
}

/// The service, as the environment names it.
fn client() -> Result<Client, Box<dyn Error>> {
    let credentials = fs::read_to_string(env::var("EREPROV_CREDENTIALS")?)?;
    let mut lines = credentials.lines().map(str::to_owned);
    let (login, password) =
        lines.next().zip(lines.next()).ok_or("login and password, a line each")?;
    let endpoint = Endpoint::new(&env::var("EREPROV_URL")?)
        .login(Login::Basic(login, Password::new(password)))
        .timeouts(Duration::from_secs(10), Duration::from_mins(1));
    // What all processes of an operator share.
    let folder = env::var("EREPROV_STATE")?;
    Ok(Client::new(endpoint.patience(patience()?), Path::new(&folder))?)
}

fn patience() -> Result<Patience, Box<dyn Error>> {
    let doubt = env::var("EREPROV_DOUBT").unwrap_or_else(|_| "30".to_owned());
    let doubt = Duration::try_from_secs_f64(doubt.parse()?)?;
    Ok(Patience { reads: vec![doubt / 10, doubt / 2, doubt], settled_after: doubt, sends_max: 2 })
}

fn schedule() -> Result<Vec<Duration>, Box<dyn Error>> {
    let Ok(text) = env::var("EREPROV_SCHEDULE") else { return Ok(SCHEDULE.to_vec()) };
    text.split(' ').map(|wait| Ok(Duration::try_from_secs_f64(wait.parse()?)?)).collect()
}
